# SPDX-License-Identifier: GPL-3.0-or-later
"""P9: how fast does one run of a playbook go over 1,000 emulated hosts, with all logs complete?"""

from functools import partial

from bench.goals import Effort, Goal
from bench.harness.accounts import open_account
from bench.harness.measuring import Figures, Way, WrongResultError, measure, timed
from bench.harness.results import Result, Verdict, divide
from bench.peers import parallel
from bench.peers.ansible import PIPELINING, Ansible
from bench.testbed.emulated import GROUP, Emulated, emulate
from bench.testbed.testbed import Testbed

HOSTS, REAL = 1000, 20
OURS, PSSH = "MyX, 1,000 emulated hosts", "parallel-ssh, 20 real hosts"
ANSIBLE = "ansible, pipelining, 20 real hosts"
PAGE = 500


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure in turn."""
    hosts, key = testbed.hosts(REAL), testbed.lab.key_path
    playbook = testbed.plane.content_dir / "playbooks/bench_1.yml"
    accounts = {name: open_account(f"p9-{name}") for name in ("ansible", "pssh")}
    ansible = Ansible(testbed.folder, key, accounts["ansible"])

    def play() -> None:
        ansible.play(playbook, hosts, PIPELINING, ok=1, mark="p9")

    def shell() -> None:
        parallel.run_library(accounts["pssh"], parallel.PARALLEL_SSH, key, hosts, "echo p9")

    with emulate(testbed.folder / "p9", HOSTS, MYX_HEARTBEATS="false") as emulated:
        ways = [
            Way(OURS, partial(_run_emulated, emulated)),
            Way(ANSIBLE, lambda: _rate(timed({"controller": accounts["ansible"]}, play))),
            Way(PSSH, lambda: _rate(timed({"controller": accounts["pssh"]}, shell))),
        ]
        result = Result(measure(ways, 3 if effort.rounds > 2 else 1))
    reached = result.find(OURS, "per_s")
    faster = divide(reached, result.find(ANSIBLE, "per_s"))
    result.verdicts += [
        Verdict("executions started, run and stored each second", "least", 300.0, reached, "/s"),
        Verdict(f"times faster than {ANSIBLE}", "least", 1.0, faster, "x"),
    ]
    result.notes.append("Every log was compared in length with what the execution's row says.")
    return result


def _rate(figures: Figures) -> Figures:
    return figures | {"per_s": REAL / figures["wall_s"]}


def _run_emulated(emulated: Emulated) -> Figures:
    body = {"kind": "playbook", "playbook": "playbooks/bench_1.yml", "limit": GROUP}
    body |= {"extra_vars": {"mark": "p9"}}
    lengths: dict[str, int] = {}

    def once() -> Figures:
        followed = emulated.triggers.follow(body).expect()
        lengths.update({id_: sum(map(len, pieces)) for id_, pieces in followed.logs.items()})
        lengths["run"] = followed.run_id
        return {"first_byte_s": followed.first_byte_s}

    figures = timed({"controller": emulated.controller, "emulator": emulated.agents}, once)
    _check(emulated, lengths.pop("run"), lengths)
    return figures | {"per_s": HOSTS / figures["wall_s"]}


def _check(emulated: Emulated, run_id: int, lengths: dict[str, int]) -> None:
    stored = {}
    for page in range(1, HOSTS // PAGE + 1):
        path = f"/runs/{run_id}/executions?page_size={PAGE}&page={page}"
        for execution in emulated.triggers.ask("GET", path)["results"]:
            stored[execution["id"]] = execution["log_bytes"]
    if stored != lengths or not all(stored.values()) or len(stored) != HOSTS:
        wrong = [id_ for id_ in stored if stored[id_] != lengths.get(id_)]
        raise WrongResultError(f"{len(lengths)} logs of {HOSTS}, of another length: {wrong[:3]}")


GOAL = Goal(
    "p9",
    "one run over 1,000 emulated hosts",
    "at least 300 executions started a second (AAP publishes 20), all logs complete",
    run,
)
