# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of output and events without what no two runs have in common?

Times, process ids and names of temporary files go; everything else stays, colours included.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from equality.agent import Played

_PATTERNS = (
    (r"\.\d+\.\d{4}-\d\d-\d\d@[\d:]+~", "<backup>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
    (r"\b\d+:\d\d:\d\d\.\d+", "<duration>"),
    (r"\b1[789]\d{8}\.\d+", "<time>"),
    (r"ansible-tmp-<time>-\d+-\d+", "<remote tmp>"),
    (r"ansible-moduletmp-<time>-[a-z0-9_]{8}", "<remote tmp>"),
    (r"ansible-local-\d+[a-z0-9_]{8}", "<local tmp>"),
    (
        r"(?<=/ansible\.)[a-z0-9_]{8}\b|(?<=/eq\.)[a-z0-9_]{8}\b|(?<=/)\.[a-z0-9_]{8}\b|^\.[a-z0-9_]{8}$|\btmp[a-z0-9_]{8}\b",
        "<tmp>",
    ),
    (r"(?<=\")\.[a-z0-9_]{8}(?=\")", "<tmp>"),
    (r"(?<=BECOME-SUCCESS-)[a-z]{32}", "<key>"),
    (r"_payload_[a-z0-9_]{8}", "_payload_<tmp>"),
    (r"\bj\d+\.\d+", "<job>"),
    (r"(?<=\"child_pid\": )\d+", "<pid>"),
    (r"(?<=/myx-deployment-tool/)[0-9a-f]{64}", "<bundle>"),
    (r"(?<=/executions/)[0-9a-f]{32}", "<id>"),
)
_CHANCE = [(re.compile(pattern), word) for pattern, word in _PATTERNS]

_POLL = re.compile(r"ASYNC POLL on ")
"""How often is asked depends on how fast the answers are."""

_VOLATILE = frozenset(
    {
        *("uuid", "parent_uuid", "play_uuid", "task_uuid", "playbook_uuid", "handler_uuid"),
        *(
            "counter",
            "start_line",
            "end_line",
            "created",
            "pid",
            "child_pid",
            "runner_ident",
            "duration",
        ),
        *("start", "end", "delta", "elapsed", "atime", "mtime", "ctime", "inode", "dev"),
        *("ansible_date_time", "ansible_uptime_seconds", "ansible_loadavg", "ansible_memfree_mb"),
        *("ansible_memory_mb", "ansible_swapfree_mb", "ansible_mounts", "ansible_devices"),
        "ansible_device_links",
        "ansible_interfaces",
        "ansible_virtualization_tech_guest",
    }
)
"""Fields of events, results and facts that hold a time, a process or what the machine does now."""


def list_lines(output: bytes, *, unordered: bool) -> list[str]:
    """Return an output's lines in normal form."""
    text = output.decode("utf-8", "backslashreplace")
    lines = [normalize_text(line) for line in text.splitlines() if not _POLL.search(line)]
    return sorted(lines) if unordered else lines


def list_events(played: Played, *, unordered: bool) -> list[str]:
    """Return each event in normal form, as indented JSON, a line a field."""
    kept = (each for each in played.events if each["event"] != "runner_on_async_poll")
    events = [
        json.dumps(_normalize(_without_polls(each)), indent=1, sort_keys=True) for each in kept
    ]
    return [line for each in (sorted(events) if unordered else events) for line in each.split("\n")]


def list_result(played: Played) -> list[str]:
    """Return how the execution ended."""
    fields = ("state", "success", "return_code", "reason_code", "reason")
    ending = {name: played.result[name] for name in fields}
    losses = {name: played.result[name] for name in ("dropped_bytes", "dropped_events")}
    return [f"{name}: {_normalize(value)}" for name, value in {**ending, **losses}.items()]


def find_gaps(events: Iterable[dict[str, Any]]) -> list[str]:
    """Return where events are not numbered one by one, or not line up with the output."""
    gaps, line = [], 0
    for number, event in enumerate(events, start=1):
        if (event["counter"], event["start_line"]) != (number, line):
            gaps.append(f"event {number}: counter {event['counter']}, line {event['start_line']}")
        line = event["end_line"]
    return gaps


def normalize_text(text: str) -> str:
    """Return a text without times, process ids and chance names."""
    for pattern, word in _CHANCE:
        text = pattern.sub(word, text)
    return text


def _without_polls(event: dict[str, Any]) -> dict[str, Any]:
    lines = event.get("stdout", "").splitlines()
    return {**event, "stdout": "\n".join(line for line in lines if not _POLL.search(line))}


def _normalize(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            normalize_text(key): "<volatile>" if key in _VOLATILE else _normalize(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_normalize(each) for each in value]
    return normalize_text(value) if isinstance(value, str) else value
