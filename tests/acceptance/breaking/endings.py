# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast, and how completely, is a tree ended that does everything not to be?

A sample is one host on which a polite tree, a deaf one and a playbook in the middle of a module
are canceled, or run into their time limit, at random moments.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

from breaking import spools
from breaking.series import Series
from driver.agents import GRACE_S
from driver.control_plane import ControlPlane
from driver.expectations import wait_for_end
from lab.hosts import Host
from lab.processes import list_marked, list_named
from lab.waiting import wait_for

End = Callable[[ControlPlane, Host, "Tree", Random, Series], None]
"""Ends one tree, and notes in the series what came of it."""

SPAN_S = 2.0
"""A cancel comes at a random moment of so many seconds after the tree is up."""

TIMEOUT_S = 12.0
"""From this to twice this are time limits: the tree is up by then."""

TREE_SIZE = 4

TREE = """#!/usr/bin/env python3
# All ways out: a session of its own, a double fork, a bare environment, and deaf to SIGTERM.
import os, sys
def live(environment):
    code = "import signal, sys, time\\n" \\
        "if sys.argv[1] == 'deaf': signal.signal(signal.SIGTERM, signal.SIG_IGN)\\n" \\
        "print('up', flush=True)\\ntime.sleep(1000)"
    os.execvpe("python3", ["python3", "-c", code, *sys.argv[1:]], environment)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        live({"PATH": os.environ["PATH"]})
    os._exit(0)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        live(os.environ)
    live(os.environ)
live(os.environ)
"""

PLAYBOOK = """---
- name: Never end
  hosts: all
  gather_facts: false
  tasks:
    - name: Stay beside, asynchronously
      ansible.builtin.command: sleep 1000
      async: 2000
      poll: 0
      changed_when: false
    - name: Stay in a module with a deaf child in a session of its own
      ansible.builtin.shell: |
        setsid sh -c "trap '' TERM HUP INT; : {{ token }}; sleep 1000; sleep 1000" &
        sleep 1000
      changed_when: false
"""

PLAYBOOK_SIZE = 7
"""At least: ansible-playbook, its worker, three sleeps, two shells."""


@dataclass(frozen=True)
class Tree:
    """What is ended: how it starts, how to know that it is up, how many processes it has."""

    name: str
    body: Callable[[str], dict[str, Any]]
    is_up: Callable[[str, bytes], bool]
    is_size_right: Callable[[int], bool]


def _make_script(mode: str, token: str) -> dict[str, Any]:
    script = {"name": "tree.py", "content": TREE}
    return {"kind": "script", "script": script, "args": [mode, token]}


def _make_playbook(token: str) -> dict[str, Any]:
    variables = {"token": token}
    return {"kind": "playbook", "playbook": "playbooks/endless.yml", "extra_vars": variables}


def _is_script_up(_: str, log: bytes) -> bool:
    return log.count(b"up\n") == TREE_SIZE


TREES = (
    Tree("polite tree", partial(_make_script, "polite"), _is_script_up, TREE_SIZE.__eq__),
    Tree("deaf tree", partial(_make_script, "deaf"), _is_script_up, TREE_SIZE.__eq__),
    Tree(
        "playbook with a deaf child",
        _make_playbook,
        lambda token, _: bool(list_named(f": {token};")),
        PLAYBOOK_SIZE.__le__,
    ),
)


def cancel_one(plane: ControlPlane, host: Host, tree: Tree, chosen: Random, series: Series) -> None:
    """Cancel a tree that is up at a random moment, and judge."""
    token = secrets.token_hex(8)
    run_id, execution_id = _start(plane, host, tree.body(token))
    wait_for(f"{tree.name} to be up", partial(_is_up, host, tree, execution_id, token), 60)
    time.sleep(chosen.uniform(0, SPAN_S))
    asked_at = time.time()
    plane.request("POST", f"/runs/{run_id}/cancel").raise_for_status()
    _judge(plane, host, tree, (run_id, execution_id, token), "canceled", asked_at, series)


def time_out_one(
    plane: ControlPlane, host: Host, tree: Tree, chosen: Random, series: Series
) -> None:
    """Let a tree run into a random time limit, and judge."""
    token = secrets.token_hex(8)
    limit_s = chosen.uniform(TIMEOUT_S, 2 * TIMEOUT_S)
    run_id, execution_id = _start(plane, host, tree.body(token) | {"timeout_s": limit_s})
    due_at = limit_s + wait_for(
        "its start", partial(spools.find_started_at, host, execution_id), 60
    )
    wait_for(
        f"{tree.name} to be up, or its time limit",
        lambda: _is_up(host, tree, execution_id, token) or time.time() > due_at,
        60,
    )
    if not _is_up(host, tree, execution_id, token):
        tree = replace(tree, is_size_right=bool)  # on a busy machine it was not whole in time
    _judge(plane, host, tree, (run_id, execution_id, token), "timed_out", due_at, series)


def _start(plane: ControlPlane, host: Host, body: dict[str, Any]) -> tuple[int, str]:
    answer = plane.request("POST", "/runs", json=body | {"limit": host.name})
    run_id: int = answer.raise_for_status().json()["id"]
    return run_id, plane.list_executions(run_id)[host.name]["id"]


def _is_up(host: Host, tree: Tree, execution_id: str, token: str) -> bool:
    return tree.is_up(token, spools.read_log(host, execution_id) or b"")


def _judge(
    plane: ControlPlane,
    host: Host,
    tree: Tree,
    ids: tuple[int, str, str],
    end: str,
    due_at: float,
    series: Series,
) -> None:
    run_id, execution_id, token = ids
    wait_for_end(plane, run_id)
    ended_at = spools.find_ended_at(host, execution_id) or 0.0
    grace_s = 0.0 if tree.name.startswith("polite") else GRACE_S
    series.samples += 1
    series.settle_s.append(ended_at - due_at - grace_s)
    execution = plane.list_executions(run_id)[host.name]
    series.ends[f"{execution['status']}/{execution['reason_code']}"] += 1
    found = _find_problems(host, tree, (execution_id, token), end)
    series.problems += [f"{tree.name} {execution_id}: {problem}" for problem in found]


def _find_problems(host: Host, tree: Tree, ids: tuple[str, str], end: str) -> Iterator[str]:
    execution_id, token = ids
    left = {*list_marked(execution_id), *list_named(token)}
    if left:
        yield f"processes are left: {left}"
    result = spools.find_result(host, execution_id) or {}
    if (result.get("state"), result.get("reason_code")) != (end, end):
        yield f"it ended as {result}"
    if not tree.is_size_right(result.get("ended_processes", 0)):
        yield f"ended_processes is wrong: {result}"
