# SPDX-License-Identifier: GPL-3.0-or-later
"""When does what happen in one run, from its trigger to the last byte at its viewer?"""

import statistics
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bench.testbed.testbed import Testbed
from bench.testbed.triggers import Body

STEPS = (
    "the request is answered",
    "the agent has started it",
    "Ansible begins with the playbook",
    "the first task begins",
    "the first byte is at the viewer",
    "the last task has ended",
    "the execution has ended on the host",
    "the last byte is at the viewer",
    "the end is at the viewer",
)
"""What is looked at, in the order in which it happens."""


def measure_steps(testbed: Testbed, body: Body) -> dict[str, float]:
    """Run something once and return the milliseconds since the trigger, by step."""
    triggers = testbed.triggers
    began = time.time()
    run_id = triggers.ask("POST", "/runs", body)["id"]
    moments = {"the request is answered": time.time()}
    for event, _ in triggers.stream(run_id):
        if event == "log":
            moments.setdefault("the first byte is at the viewer", time.time())
            moments["the last byte is at the viewer"] = time.time()
        elif event == "end":
            moments["the end is at the viewer"] = time.time()
            break
    moments |= dict(_read_host_moments(testbed, run_id))
    return {step: (moments[step] - began) * 1000 for step in STEPS if step in moments}


def _read_host_moments(testbed: Testbed, run_id: int) -> Iterator[tuple[str, float]]:
    """Yield what the execution's row and its events say; host and reader have one clock."""
    execution = testbed.triggers.ask("GET", f"/runs/{run_id}/executions")["results"][0]
    for key, step in (("started_at", STEPS[1]), ("finished_at", STEPS[6])):
        if execution[key]:
            yield step, _parse(execution[key])
    path = f"/executions/{execution['id']}/events"
    events = [each["data"] for each in _list_events(testbed, path)]
    for name, step, first in (
        ("playbook_on_start", STEPS[2], True),
        ("playbook_on_task_start", STEPS[3], True),
        ("playbook_on_stats", STEPS[5], False),
    ):
        found = [each for each in events if each.get("event") == name]
        if found:
            yield step, _parse(found[0 if first else -1]["created"])


def _list_events(testbed: Testbed, path: str) -> list[dict[str, Any]]:
    answered = testbed.triggers.ask("GET", path)
    listed: list[dict[str, Any]] = answered["events"]
    return [each if "data" in each else {"data": each} for each in listed]


def _parse(moment: str) -> float:
    parsed = datetime.fromisoformat(moment)
    if parsed.tzinfo is None:  # ansible-runner writes UTC without saying so
        parsed = datetime.fromisoformat(f"{moment}+00:00")
    return parsed.timestamp()


def render(rounds: list[dict[str, float]]) -> str:
    """Return the medians as a table in Markdown, with what each step took."""
    lines = ["| step | ms since the trigger | ms since the step before |", "|---|---|---|"]
    values = {step: [each[step] for each in rounds if step in each] for step in STEPS}
    medians = {step: statistics.median(listed) for step, listed in values.items() if listed}
    before = 0.0
    for step, median in sorted(medians.items(), key=lambda item: item[1]):
        lines.append(f"| {step} | {median:.0f} | {median - before:.0f} |")
        before = median
    return "\n".join(lines)
