# SPDX-License-Identifier: GPL-3.0-or-later
"""How did a run end, given how its executions ended?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from api.executions.states import State

RunReasonCode = Literal["completed", "hosts_failed", "canceled", "internal_error"]

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


def decide_end(counts: Mapping[State, int]) -> RunEnd:
    """Decide from the number of executions in each end state."""
    reason = _describe(counts)
    if any(counts.get(state) for state in ("failed", "timed_out", "lost")):
        return RunEnd("failed", "hosts_failed", reason)
    if counts.get("canceled"):
        return RunEnd("canceled", "canceled", reason)
    return RunEnd("successful", "completed", reason)


def _describe(counts: Mapping[State, int]) -> str:
    """Say how many hosts ended how, as in ``5 hosts: 3 successful, 2 failed``."""
    parts = [(counts[state], word) for state, word in _WORDS.items() if counts.get(state)]
    total = sum(count for count, _ in parts)
    if total == 1:
        return f"1 host: {parts[0][1]}."
    return f"{total} hosts: {', '.join(f'{count} {word}' for count, word in parts)}."
