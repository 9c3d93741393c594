# SPDX-License-Identifier: GPL-3.0-or-later
"""Is everything right after a blow? The log, the end, the number of starts, and what is left."""

from typing import Any

from breaking import spools, workloads
from breaking.faults import COMPLETED, NEVER_BEGUN, Fault, Target
from lab.processes import find_supervisor, list_marked
from lab.waiting import wait_for

SHOWN_BYTES = 80
"""So much of two logs is shown where they part."""

LEAVE_S = 10.0
"""A supervisor that has written the end may take so long to leave."""


def find_problems(target: Target, fault: Fault, kind: str, execution: dict[str, Any]) -> list[str]:
    """Return what is wrong with an execution that has ended."""
    end = (execution["status"], execution["reason_code"])
    starts = workloads.count_starts(target.host, execution["id"])
    problems = [
        *_judge_end(fault, kind, end, starts),
        *_judge_log(target, fault, kind, execution),
        *_judge_record(target, execution),
        *_judge_leftovers(target, execution),
        *_judge_clock(target, execution["id"]),
    ]
    where = f"{kind} {execution['id']} on {target.host.name}, {'/'.join(end)}"
    return [f"{where}: {problem}; reason: {execution['reason']}" for problem in problems]


def _judge_end(fault: Fault, kind: str, end: tuple[str, str], starts: int) -> list[str]:
    if starts > 1:
        return [f"was started {starts} times"]
    if end in COMPLETED and not starts:
        return ["is said to have ended well and was never started"]
    if not fault.allows(kind, end) and (starts or end not in NEVER_BEGUN):
        return [f"must not end like this after {starts} start(s)"]
    return []


def _judge_log(target: Target, fault: Fault, kind: str, execution: dict[str, Any]) -> list[str]:
    stored = target.plane.read_log(execution["id"])
    spooled = spools.read_log(target.host, execution["id"]) or b""
    problems: list[str] = []
    if not (stored.startswith(spooled) if not fault.keeps_unsynced else stored == spooled):
        problems.append(_compare(stored, spooled))
    if execution["log_bytes"] != len(stored):
        problems.append(f"log_bytes is {execution['log_bytes']}, {len(stored)} are stored")
    is_whole = execution["status"] == "successful"
    if kind == "script":
        gap = workloads.find_gap(stored, is_whole=is_whole)
        problems += [gap] if gap else []
    elif is_whole and b"PLAY RECAP" not in stored:
        problems.append("the playbook's recap is missing")
    return problems


def _compare(stored: bytes, spooled: bytes) -> str:
    """Say how long both logs are and where they part."""
    pairs = enumerate(zip(stored, spooled, strict=False))
    same = next((at for at, (ours, theirs) in pairs if ours != theirs), len(spooled))
    return (
        f"{len(stored)} bytes of log are stored, {len(spooled)} on the host; from {same} on "
        f"{stored[same : same + SHOWN_BYTES]!r} against {spooled[same : same + SHOWN_BYTES]!r}"
    )


def _judge_record(target: Target, execution: dict[str, Any]) -> list[str]:
    """Compare with what the host says; one that never arrived there has no record."""
    result = spools.find_result(target.host, execution["id"])
    if result is None:
        arrived = spools.read_log(target.host, execution["id"]) is not None
        return ["the host has no end of it"] if arrived else []
    told = (execution["status"], execution["reason_code"])
    noted = (result["state"], result["reason_code"])
    return [] if told == noted else [f"the host says {'/'.join(noted)}"]


def _judge_leftovers(target: Target, execution: dict[str, Any]) -> list[str]:
    execution_id = execution["id"]
    if (execution["return_code"] or 0) > 0:  # it failed by itself: its daemons are left alone
        workloads.stop_children(target.host, execution_id)
        wait_for("its children to go", lambda: not list_marked(execution_id), LEAVE_S)
    left = list_marked(execution_id)
    problems = [f"{len(left)} process(es) left: {left}"] if left else []
    try:
        wait_for("it to leave", lambda: find_supervisor(execution_id) is None, LEAVE_S)
    except AssertionError:
        problems.append(f"its supervisor is there {LEAVE_S:g} s after the end")
    return problems


def _judge_clock(target: Target, execution_id: str) -> list[str]:
    """Make sure that a jump of the clock has reached the supervisor."""
    result = spools.find_result(target.host, execution_id)
    ended_at = spools.find_ended_at(target.host, execution_id)
    if not target.ahead_s or result is None or ended_at is None:
        return []
    seen = result["finished_at"] - ended_at
    if any(abs(seen - ahead_s) < 60 for ahead_s in target.clocks_s):
        return []
    return [f"its clock was {seen:.0f} s ahead instead of {target.ahead_s}"]
