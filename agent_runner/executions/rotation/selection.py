# SPDX-License-Identifier: GPL-3.0-or-later
"""Which executions have been kept long enough? The rules alone, without any file."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agent_runner.config import Limits

SLACK = 10
"""A limit that is passed is undercut by a tenth, so that not each new end is a pass of its own."""


class Ended(NamedTuple):
    """An execution that has ended; ``ended_at`` is seconds since the epoch."""

    command_id: str
    ended_at: float
    size_bytes: int
    is_acknowledged: bool


def choose_removable(
    ended: Iterable[Ended], *, count: int, size_bytes: int, limits: Limits, now: float
) -> Sequence[Ended]:
    """Return what is to be removed, the oldest end first.

    Args:
        ended: the executions that have ended; nothing else is ever chosen.
        count: how many executions there are, the living included.
        size_bytes: how much room all of them take.
        limits: the ``spool_*`` fields hold.
        now: seconds since the epoch.
    """
    oldest_first = sorted(ended, key=lambda one: one.ended_at)
    aged = [one for one in oldest_first if now - one.ended_at > _max_age(one, limits)]
    count -= len(aged)
    size_bytes -= sum(one.size_bytes for one in aged)
    excess_count = compute_excess(count, limits.spool_max_executions)
    excess_bytes = compute_excess(size_bytes, limits.spool_max_bytes)
    kept = set(oldest_first).difference(aged)
    crowded: list[Ended] = []
    for one in (one for one in oldest_first if one in kept and one.is_acknowledged):
        if excess_count <= 0 and excess_bytes <= 0:
            break
        crowded.append(one)
        excess_count -= 1
        excess_bytes -= one.size_bytes
    return [*aged, *crowded]


def compute_excess(value: int, limit: int) -> int:
    """Return by how much ``value`` has to shrink: not at all as long as it is within its limit."""
    return value - (limit - limit // SLACK) if value > limit else 0


def _max_age(one: Ended, limits: Limits) -> float:
    if one.is_acknowledged:
        return limits.spool_max_age_s
    return limits.spool_unacknowledged_max_age_s
