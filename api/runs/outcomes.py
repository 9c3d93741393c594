# SPDX-License-Identifier: GPL-3.0-or-later
"""How did a run end, given how its executions ended?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from api.executions.states import State
from api.runs.rollout.budget import FAILURES

RunReasonCode = Literal[
    "completed",
    "hosts_failed",
    "budget_exceeded",
    "canceled",
    "internal_error",
    "reported",  # it ran elsewhere, and ended as its reporter said
    "reporter_lost",  # it ran elsewhere, and its reporter was not heard of for too long
]

_WORDS: Mapping[State, str] = {
    "successful": "successful",
    "failed": "failed",
    "timed_out": "timed out",
    "lost": "lost",
    "canceled": "canceled",
}


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended."""

    status: State
    reason_code: RunReasonCode
    reason: str


def decide_end(
    counts: Mapping[State, int], skipped: int = 0, stop_reason: str | None = None
) -> RunEnd:
    """Decide from the number of executions in each end state.

    ``skipped`` of the canceled ones were left out for maintenance; they decide only where there is
    nothing else. ``stop_reason`` says which failures stopped the run.
    """
    reason = _describe(counts, skipped)
    if stop_reason is not None:
        return RunEnd("failed", "budget_exceeded", f"Stopped: {stop_reason} {reason}")
    if any(counts.get(state) for state in FAILURES):
        return RunEnd("failed", "hosts_failed", reason)
    if counts.get("canceled", 0) > skipped or not counts.get("successful"):
        return RunEnd("canceled", "canceled", reason)
    return RunEnd("successful", "completed", reason)


def _describe(counts: Mapping[State, int], skipped: int) -> str:
    """Say how many hosts ended how, as in ``5 hosts: 3 successful, 2 failed``."""
    shown = {word: counts.get(state, 0) for state, word in _WORDS.items()}
    shown["canceled"] -= skipped
    shown["in maintenance"] = skipped
    parts = [(count, word) for word, count in shown.items() if count]
    total = sum(count for count, _ in parts)
    if total == 1:
        return f"1 host: {parts[0][1]}."
    return f"{total} hosts: {', '.join(f'{count} {word}' for count, word in parts)}."
