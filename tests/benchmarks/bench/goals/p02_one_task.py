# SPDX-License-Identifier: GPL-3.0-or-later
"""P2: how long is a playbook of one task, from the trigger over HTTP to its complete log?"""

from bench.goals import Effort, Goal
from bench.harness.accounts import open_account
from bench.harness.measuring import Figures, Way, measure, timed
from bench.harness.results import Guard, Result, Verdict, divide
from bench.peers.ansible import PLAIN, Ansible
from bench.peers.shell import run_ssh
from bench.testbed.looking import find_host_account
from bench.testbed.testbed import Testbed

OURS, COMMAND = "MyX, playbook", "MyX, command"
SSH, AD_HOC = "ssh HOST true", "ansible ad hoc"
WANTED_S = 0.06


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure in turn."""
    host, key = testbed.host, testbed.lab.key_path
    on_host = find_host_account(host)
    playbook = {"kind": "playbook", "playbook": "playbooks/bench_1.yml", "limit": host.name}
    playbook |= {"extra_vars": {"mark": "m"}}
    command = {"kind": "command", "command": ["true"], "limit": host.name}
    ours = {"controller": testbed.controller, "host": on_host}
    shell, ad_hoc = open_account("ssh"), open_account("ad-hoc")
    peer = Ansible(testbed.folder, key, ad_hoc)

    def follow(body: dict[str, object], *words: str) -> Figures:
        first_byte_s = testbed.triggers.follow(body).expect(*words).first_byte_s
        return {"first_byte_s": first_byte_s} if first_byte_s else {}

    ways = [
        Way(OURS, lambda: timed(ours, lambda: follow(playbook, "ok=1 "))),
        Way(COMMAND, lambda: timed(ours, lambda: follow(command))),
        Way(
            SSH,
            lambda: timed(
                {"controller": shell, "host": on_host},
                lambda: _ignore(run_ssh(shell, key, host, "true")),
            ),
        ),
        Way(
            AD_HOC,
            lambda: timed(
                {"controller": ad_hoc, "host": on_host},
                lambda: _ignore(peer.ad_hoc([host], PLAIN, "ansible.builtin.command", "true")),
            ),
        ),
    ]
    result = Result(measure(ways, 5 if effort.quick else 2 * effort.rounds, warm_ups=1))
    _judge(result)
    return result


def _ignore(_printed: str) -> None:
    """Take no figures from what was printed."""


def _judge(result: Result) -> None:
    ours, ssh = result.find(OURS, "wall_s"), result.find(SSH, "wall_s")
    wanted = "trigger to complete log, playbook"
    result.verdicts += [
        Verdict(wanted, "most", WANTED_S * 1000, ours and ours * 1000, "ms"),
        Verdict("times faster than ssh HOST true", "least", 1.0, divide(ssh, ours), "x"),
    ]
    ad_hoc = result.find_cpu(AD_HOC)
    result.guards += [
        Guard("p2_cpu_of_ad_hoc_to_playbook", divide(ad_hoc, result.find_cpu(OURS))),
        Guard("p2_cpu_of_ad_hoc_to_command", divide(ad_hoc, result.find_cpu(COMMAND))),
    ]


GOAL = Goal(
    "p2",
    "one-task playbook, HTTP trigger to complete log",
    "at most 60 ms: faster than a bare ssh HOST true",
    run,
    in_quick=True,
)
