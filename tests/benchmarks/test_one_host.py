# SPDX-License-Identifier: GPL-3.0-or-later
"""How long is one playbook on one host by agent, and how long by ansible-playbook over SSH?

Both ways are measured in turn in one run, on the same host; what counts is the ratio. A wrong
result counts as not run: every measurement checks its recap.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from driver.measuring import TASKS, Bench

ROUNDS = 5
"""Medians of so many."""

ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


@dataclass(frozen=True)
class Timing:
    """Seconds since the trigger."""

    first_byte_s: float
    end_s: float


@pytest.mark.parametrize("tasks", TASKS)
def test_trigger_to_first_byte_and_end(bench: Bench, tasks: int) -> None:
    """Print the medians of both ways, interleaved, and their ratio."""
    ways: dict[str, Callable[[Bench, int], Timing]] = {
        "myx": _run_by_agent,
        "ansible-playbook over SSH": _run_by_ssh,
    }
    for measure in ways.values():
        measure(bench, tasks)  # the bundle is sent and the caches are warm
    timings: dict[str, list[Timing]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, measure in ways.items():
            timings[name].append(measure(bench, tasks))
    _print_medians(tasks, timings)


def test_agent_at_rest(bench: Bench) -> None:
    """Print what the agent's process occupies when nothing runs."""
    pid = bench.host.ask("systemctl show -p MainPID --value myx-agent")
    rollup = bench.host.ask(f"cat /proc/{pid}/smaps_rollup")
    sizes_kb = {line.split(":")[0]: int(line.split()[1]) for line in rollup.splitlines()[1:]}
    _say(
        f"agent at rest: {sizes_kb['Rss'] / 1024:.0f} MiB RSS, {sizes_kb['Pss'] / 1024:.0f} MiB PSS"
    )
    assert sizes_kb["Rss"] > 0


def _run_by_agent(bench: Bench, tasks: int) -> Timing:
    """Trigger over HTTP and follow the stream of server-sent events to its end."""
    plane = bench.control_plane
    body = {"kind": "playbook", "playbook": f"playbooks/bench_{tasks}.yml", "limit": "bench1"}
    headers = {"Authorization": f"Bearer {plane.token}"}
    started = time.perf_counter()
    first_byte_s = 0.0
    with httpx.Client(base_url=plane.url, headers=headers, timeout=60) as client:
        run_id = client.post("/api/v1/runs", json=body).raise_for_status().json()["id"]
        with client.stream("GET", f"/api/v1/runs/{run_id}/stream") as stream:
            event = ""
            for line in stream.iter_lines():
                event = line[7:] if line.startswith("event: ") else event
                if event == "log" and not first_byte_s:
                    first_byte_s = time.perf_counter() - started
                if event == "end" and line.startswith("data: "):
                    assert json.loads(line[6:])["status"] == "successful"
                    break
    return Timing(first_byte_s, time.perf_counter() - started)


def _run_by_ssh(bench: Bench, tasks: int) -> Timing:
    """Run ansible-playbook with its defaults and read its pipe."""
    playbook = bench.find_playbook(tasks)
    started = time.perf_counter()
    with subprocess.Popen(
        [ANSIBLE_PLAYBOOK, "-i", str(bench.inventory), playbook],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=os.environ | {"ANSIBLE_CONFIG": os.devnull},
    ) as process:
        assert process.stdout is not None
        first = process.stdout.read(1)
        first_byte_s = time.perf_counter() - started
        rest = process.stdout.read()
    assert f"ok={tasks}" in (first + rest).decode()
    return Timing(first_byte_s, time.perf_counter() - started)


def _print_medians(tasks: int, timings: dict[str, list[Timing]]) -> None:
    _say(f"\n{tasks} task(s), one host, median of {ROUNDS}, seconds since the trigger")
    ends: list[float] = []
    for name, listed in timings.items():
        first = statistics.median(timing.first_byte_s for timing in listed)
        ends.append(statistics.median(timing.end_s for timing in listed))
        _say(f"  {name:<28} first byte {first:6.3f}   end {ends[-1]:6.3f}")
    _say(f"  ratio of the ends            {ends[1] / ends[0]:.2f}x")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
