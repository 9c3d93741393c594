# SPDX-License-Identifier: GPL-3.0-or-later
"""P11: how long does it take to end a tree that does not want to end, and is anything left of it?

A playbook's task starts children in sessions of their own that are deaf to SIGTERM.
"""

import contextlib
import os
import signal
import statistics
import time
from collections.abc import Callable
from functools import partial

from bench.goals import Effort, Goal
from bench.harness.measuring import Figures, Measured, Way, measure
from bench.harness.results import Result, Verdict
from bench.peers.runner import Runner
from bench.peers.salt import LazySalt
from bench.testbed import workload
from bench.testbed.testbed import Testbed
from driver.agents import GRACE_S, set_limits
from driver.expectations import END_STATES
from lab.processes import list_named
from lab.waiting import wait_for

ROUNDS, PEER_ROUNDS = 20, 3
UP_S = 120.0
SETTLE_S = 2.0
"""What is still there so long after the tool has said that it is over counts as left behind."""
OURS, RUNNER, SALT = "MyX", "ansible-runner on the host", "Salt, saltutil.kill_job"
TREE = 3
"""The task's shell and its two children."""


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure ours often enough for its worst, and the peers a few times."""
    host = testbed.host
    set_limits(host, cancel_grace_s=GRACE_S)
    rounds = ROUNDS if effort.rounds > 2 else 5
    result = Result(measure([Way(OURS, partial(_cancel_ours, testbed))], rounds, warm_ups=1))
    with contextlib.ExitStack() as stack:
        salt = LazySalt(testbed, stack, "salt-to-cancel")
        peers = [
            Way(RUNNER, partial(_cancel_runner, testbed)),
            Way(SALT, partial(_cancel_salt, salt)),
        ]
        result.ways += measure(peers, PEER_ROUNDS, warm_ups=0)
    after = result.ways[0].values.get("after_grace_ms", [])
    p99 = statistics.quantiles(after, n=100, method="inclusive")[98] if len(after) > 1 else None
    left = max(result.ways[0].values.get("left_behind", []), default=None)
    result.verdicts += [
        Verdict(f"p99 of {len(after)} after the grace", "most", 250.0, p99, "ms"),
        Verdict("processes left behind", "most", 0.0, left),
    ]
    result.notes.append(_describe_left(result.ways))
    return result


def _describe_left(ways: list[Measured]) -> str:
    left = {way.name: sum(way.values.get("left_behind", [])) for way in ways if not way.reason}
    return f"Processes left behind, all rounds: {left}. The grace of MyX is {GRACE_S:g} s."


def _find_tree(mark: str) -> list[int]:
    return list_named(mark)


def _await_tree(mark: str) -> None:
    wait_for("the tree", lambda: len(_find_tree(mark)) >= TREE, UP_S)


def _judge_left(mark: str, still: Callable[[], list[int]]) -> Figures:
    """Count what is left after a while, and end it."""
    deadline = time.monotonic() + SETTLE_S
    while still() and time.monotonic() < deadline:
        time.sleep(0.05)
    left = still()
    for pid in _find_tree(mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return {"left_behind": float(len(left))}


def _cancel_ours(testbed: Testbed) -> Figures:
    mark, triggers = workload.make_mark(), testbed.triggers
    body = {"kind": "playbook", "playbook": "playbooks/bench_deaf.yml"}
    body |= {"limit": testbed.host.name, "extra_vars": {"mark": mark}}
    run_id = triggers.ask("POST", "/runs", body)["id"]
    _await_tree(mark)
    started = time.monotonic()
    triggers.ask("POST", f"/runs/{run_id}/cancel")
    while (ended := triggers.ask("GET", f"/runs/{run_id}"))["status"] not in END_STATES:
        time.sleep(0.005)
    wall_s = time.monotonic() - started
    left = _find_tree(mark)  # nothing may be left when it is said to be over
    assert ended["status"] == "canceled", ended
    figures = {"wall_s": wall_s, "after_grace_ms": (wall_s - GRACE_S) * 1000}
    return figures | _judge_left(mark, lambda: [pid for pid in left if pid in _find_tree(mark)])


def _cancel_runner(testbed: Testbed) -> Figures:
    mark = workload.make_mark()
    runner = Runner(testbed.host, testbed.plane.content_dir / "playbooks", "cancel")
    wall_s = runner.cancel("bench_deaf.yml", mark, lambda: _await_tree(mark))
    return {"wall_s": wall_s} | _judge_left(mark, lambda: _find_tree(mark))


def _cancel_salt(salt: LazySalt) -> Figures:
    mark, peer = workload.make_mark(), salt.get()
    job = peer.begin("cmd.run", workload.DEAF.format(mark=mark))
    _await_tree(mark)
    started = time.monotonic()
    peer.ask("saltutil.kill_job", job)
    while peer.ask("saltutil.find_job", job):
        if time.monotonic() - started > UP_S:
            break
    wall_s = time.monotonic() - started
    return {"wall_s": wall_s} | _judge_left(mark, lambda: _find_tree(mark))


GOAL = Goal(
    "p11",
    "cancel of a tree with children in sessions of their own, deaf to SIGTERM",
    "p99 at most 250 ms after the grace, nothing left behind",
    run,
)
