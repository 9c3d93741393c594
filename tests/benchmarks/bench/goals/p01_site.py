# SPDX-License-Identifier: GPL-3.0-or-later
"""P1: how long are 20 tasks on one host, from the trigger over HTTP to the end?"""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from bench.goals import Effort, Goal
from bench.harness.accounts import open_account
from bench.harness.measuring import Figures, Way, measure, timed
from bench.harness.results import Guard, Result, Series, Verdict, divide
from bench.peers import ansible
from bench.peers.pyinfra import Pyinfra
from bench.peers.runner import Runner
from bench.peers.salt import LazySalt
from bench.testbed import workload
from bench.testbed.looking import find_host_account
from bench.testbed.testbed import Testbed
from bench.testbed.workload import SITE_TASKS

OURS, SSH, PIPELINING, MITOGEN = (
    "MyX",
    "ansible over SSH",
    "ansible, pipelining",
    "ansible, mitogen",
)
RUNNER, PYINFRA, SALT = "ansible-runner on the host", "pyinfra over SSH", "Salt, resident minion"
PLAYBOOK = "bench_site.yml"
GROWTH_LIMIT_S = 0.08
"""A task that costs more than this makes the longest playbook too long for a benchmark."""


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure all ways in turn, then how ours grows with the number of tasks."""
    with contextlib.ExitStack() as stack:
        ways = _list_ways(testbed, effort, stack)
        result = Result(measure(ways, 1 if effort.quick else effort.rounds))
    if not effort.quick:
        result.series.append(_measure_growth(testbed))
    _judge(result)
    return result


def _list_ways(testbed: Testbed, effort: Effort, stack: contextlib.ExitStack) -> list[Way]:
    ours, ssh = Way(OURS, _Ours(testbed).run), _make_ansible(testbed, SSH, ansible.PLAIN)
    if effort.quick:
        return [ours, ssh]
    return [
        ours,
        ssh,
        _make_ansible(testbed, PIPELINING, ansible.PIPELINING),
        Way(MITOGEN, lambda: _make_ansible(testbed, MITOGEN, ansible.make_mitogen()).run()),
        _make_runner(testbed),
        _make_pyinfra(testbed),
        _make_salt(testbed, LazySalt(testbed, stack, "salt")),
    ]


class _Ours:
    def __init__(self, testbed: Testbed) -> None:
        self._testbed = testbed
        self._host = testbed.host
        self._accounts = {
            "controller": testbed.controller,
            "host": find_host_account(testbed.host),
        }

    def run(self) -> Figures:
        """Trigger over HTTP and follow the stream to its end."""
        return _check(self._testbed, lambda mark: timed(self._accounts, lambda: self._run(mark)))

    def _run(self, mark: str) -> Figures:
        body = {"kind": "playbook", "playbook": f"playbooks/{PLAYBOOK}"}
        body |= {"limit": self._host.name, "extra_vars": {"mark": mark}}
        followed = self._testbed.triggers.follow(body).expect(f"ok={SITE_TASKS} ")
        return {"first_byte_s": followed.first_byte_s}


def _check(testbed: Testbed, work: Callable[[str], Figures]) -> Figures:
    """Do ``site`` on the first host, between a cleaning up and a look at what it left."""
    workload.clear(testbed.host)
    mark = workload.make_mark()
    figures = work(mark)
    workload.check_site(mark, testbed.host)
    return figures


def _find_playbooks(testbed: Testbed) -> Path:
    return testbed.plane.content_dir / "playbooks"


def _make_ansible(testbed: Testbed, name: str, variables: dict[str, str]) -> Way:
    account = open_account(name.replace(" ", "-").replace(",", ""))
    peer = ansible.Ansible(testbed.folder, testbed.lab.key_path, account)
    accounts = {"controller": account, "host": find_host_account(testbed.host)}
    playbook = _find_playbooks(testbed) / PLAYBOOK

    def play(mark: str) -> None:
        peer.play(playbook, [testbed.host], variables, ok=SITE_TASKS, mark=mark)

    return Way(name, lambda: _check(testbed, lambda mark: timed(accounts, lambda: play(mark))))


def _make_runner(testbed: Testbed) -> Way:
    accounts = {"host": find_host_account(testbed.host)}

    def play() -> Figures:
        runner = Runner(testbed.host, _find_playbooks(testbed))
        return _check(
            testbed,
            lambda mark: timed(
                accounts,
                lambda: runner.play(PLAYBOOK, json.dumps({"mark": mark}), ok=SITE_TASKS),
            ),
        )

    return Way(RUNNER, play)


def _make_pyinfra(testbed: Testbed) -> Way:
    account = open_account("pyinfra")
    peer = Pyinfra(testbed.lab.key_path, account)
    accounts = {"controller": account, "host": find_host_account(testbed.host)}
    playbooks = str(_find_playbooks(testbed))

    def deploy(mark: str) -> None:
        peer.deploy([testbed.host], mark=mark, playbooks=playbooks)

    return Way(PYINFRA, lambda: _check(testbed, lambda mark: timed(accounts, lambda: deploy(mark))))


def _make_salt(testbed: Testbed, salt: LazySalt) -> Way:
    accounts = {"controller": salt.account, "host": find_host_account(testbed.host)}

    def apply(mark: str) -> Figures:
        peer = salt.get()
        return timed(accounts, lambda: peer.apply_site(mark))

    return Way(SALT, lambda: _check(testbed, apply))


def _measure_growth(testbed: Testbed) -> Series:
    points: list[tuple[float, float]] = []
    for tasks in workload.GROWTH:
        if len(points) > 1 and points[-1][1] / points[-1][0] > GROWTH_LIMIT_S:
            break
        body = {"kind": "playbook", "playbook": f"playbooks/bench_{tasks}.yml"}
        body |= {"limit": testbed.host.name, "extra_vars": {"mark": "growth"}}
        followed = testbed.triggers.follow(body).expect(f"ok={tasks} ")
        points.append((tasks, followed.end_s))
    return Series("wall time of MyX", "tasks", "s", points)


def _judge(result: Result) -> None:
    ours = result.find(OURS, "wall_s")
    for peer, wanted in ((RUNNER, 15.0), (SSH, 18.0), (SALT, 1.0), (MITOGEN, 1.0)):
        reached = divide(result.find(peer, "wall_s"), ours)
        result.verdicts.append(Verdict(f"times faster than {peer}", "least", wanted, reached, "x"))
    theirs = result.find_cpu(SSH)
    result.guards.append(Guard("p1_cpu_of_ssh_to_ours", divide(theirs, result.find_cpu(OURS))))


GOAL = Goal(
    "p1",
    "20 tasks on one host, trigger over HTTP to end",
    "15x faster than ansible-runner, 18x than SSH, not slower than Salt, isolation kept",
    run,
    in_quick=True,
)
