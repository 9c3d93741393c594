# SPDX-License-Identifier: GPL-3.0-or-later
"""P4: what does a command cost the controller per host, on 1 and 20 real and 1,000 emulated?"""

from collections.abc import Callable, Sequence
from functools import partial

from bench.goals import Effort, Goal
from bench.harness.accounts import Account, open_account
from bench.harness.measuring import Figures, Way, measure, timed
from bench.harness.results import Guard, Result, Series, Verdict, divide
from bench.peers import parallel
from bench.peers.ansible import PLAIN, Ansible
from bench.testbed.emulated import GROUP, Emulated, emulate
from bench.testbed.testbed import Testbed
from bench.testbed.triggers import Triggers
from lab.hosts import Host

OURS, EMULATED = "MyX", "MyX, emulated hosts"
PSSH, ASYNCSSH, CLUSH, AD_HOC = "parallel-ssh", "asyncssh", "clush", "ansible ad hoc"
REAL, QUICK_REAL = (1, 20), (1,)
MANY, QUICK_MANY = 1000, 200
ACKNOWLEDGED_S = 3.0


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure real hosts in turn, and then the emulated ones."""
    counts = QUICK_REAL if effort.quick else REAL
    testbed.hosts(counts[-1])
    ways = list(_list_ways(testbed, effort))
    each = [
        Way(f"{name}, {count} hosts", partial(_do, work, account, testbed.hosts(count)))
        for name, account, work in ways
        for count in counts
    ]
    result = Result(measure(each, 3 if effort.quick else effort.rounds))
    slopes = {name: _find_slope(result, name, counts) for name, _, _ in ways}
    many = QUICK_MANY if effort.quick else MANY
    with emulate(testbed.folder / "p4", many, MYX_HEARTBEATS="false") as emulated:
        way = Way(f"{EMULATED}, {many}", partial(_run_emulated, emulated, many))
        result.ways += measure([way], 5 if effort.quick else effort.rounds)
    _judge(result, slopes, many)
    return result


Work = Callable[[Sequence[Host]], object]


def _list_ways(testbed: Testbed, effort: Effort) -> list[tuple[str, Account, Work]]:
    key = testbed.lab.key_path
    accounts = {name: open_account(f"p4-{name}") for name in (PSSH, ASYNCSSH, CLUSH, "ad-hoc")}
    ours = (OURS, testbed.controller, partial(_run_ours, testbed.triggers))
    pssh = partial(_run_library, accounts[PSSH], testbed, parallel.PARALLEL_SSH)
    if effort.quick:
        return [ours, (PSSH, accounts[PSSH], pssh)]
    ansible = Ansible(testbed.folder, key, accounts["ad-hoc"])
    return [
        ours,
        (PSSH, accounts[PSSH], pssh),
        (
            ASYNCSSH,
            accounts[ASYNCSSH],
            partial(_run_library, accounts[ASYNCSSH], testbed, parallel.ASYNCSSH),
        ),
        (
            CLUSH,
            accounts[CLUSH],
            lambda hosts: parallel.run_clush(accounts[CLUSH], key, hosts, "true"),
        ),
        (
            AD_HOC,
            accounts["ad-hoc"],
            lambda hosts: ansible.ad_hoc(hosts, PLAIN, "ansible.builtin.command", "true"),
        ),
    ]


def _do(work: Work, account: Account, hosts: Sequence[Host]) -> Figures:
    def once() -> None:
        work(hosts)

    return timed({"controller": account}, once)


def _run_ours(triggers: Triggers, hosts: Sequence[Host]) -> None:
    limit = ",".join(host.name for host in hosts)
    triggers.follow({"kind": "command", "command": ["true"], "limit": limit}).expect()


def _run_library(account: Account, testbed: Testbed, program: str, hosts: Sequence[Host]) -> None:
    parallel.run_library(account, program, testbed.lab.key_path, hosts, "true")


def _run_emulated(emulated: Emulated, count: int) -> Figures:
    accounts = {"controller": emulated.controller, "emulator": emulated.agents}
    body = {"kind": "command", "command": ["true"], "limit": GROUP}

    def once() -> None:
        followed = emulated.triggers.follow(body).expect()
        assert len(followed.logs) == count, f"{len(followed.logs)} logs of {count}"

    figures = timed(accounts, once)
    per_host = figures["controller_cpu_s"] / count * 1000
    return figures | {"controller_ms_per_host": per_host}


def _find_slope(result: Result, name: str, counts: Sequence[int]) -> float | None:
    points = [
        (count, used)
        for count in counts
        if (used := result.find(f"{name}, {count} hosts", "controller_cpu_s")) is not None
    ]
    series = Series(f"controller's processor time of {name}", "hosts", "s", points)
    result.series.append(series)
    return series.slope


def _judge(result: Result, slopes: dict[str, float | None], many: int) -> None:
    emulated = f"{EMULATED}, {many}"
    per_host_ms = result.find(emulated, "controller_ms_per_host")
    wall_s = result.find(emulated, "wall_s")
    real, pssh = slopes[OURS], slopes[PSSH]
    result.verdicts += [
        Verdict(f"controller CPU per host, {many} emulated", "most", 1.0, per_host_ms, "ms"),
        Verdict("controller CPU per host, real", "most", 1.0, real and real * 1000, "ms"),
        Verdict(f"all {many} acknowledged and ended", "most", ACKNOWLEDGED_S, wall_s, "s"),
        Verdict(f"times less CPU per host than {PSSH}", "least", 1.0, divide(pssh, real), "x"),
    ]
    one = divide(result.find_cpu(emulated), many)
    to_pssh = divide(result.find_cpu(f"{PSSH}, 1 hosts"), one)
    result.guards.append(Guard("p4_cpu_of_one_pssh_to_emulated_host", to_pssh))


GOAL = Goal(
    "p4",
    "command on 1 and 20 real, 1,000 emulated hosts",
    "at most 1 ms CPU a host, 1,000 acknowledged in under 3 s",
    run,
    in_quick=True,
)
