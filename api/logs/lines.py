# SPDX-License-Identifier: GPL-3.0-or-later
"""Which number has a line of a log, and where does the line of a number begin?

Newlines are counted once: how many stand before each step of a log is remembered, since what is
stored of a log never changes. One call counts a bounded stretch, and the next one goes on.
"""

import asyncio
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, islice

from api.logs.store import LogStore, read_full

STEP_BYTES = 1024 * 1024
"""How far the places lie apart whose numbers are remembered: 1,024 of them for a gigabyte."""

STEPS_AT_ONCE = 4
"""How many of them are read and counted in one go."""

COUNTED_BYTES = 128 * 1024 * 1024
"""How much of a log one call counts."""

MAX_LOGS = 256
"""How many logs are remembered; the one that was asked for longest ago is forgotten."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line is, as far as it is known."""

    line: int | None
    """The line's number, the first being 1; None where it is not counted so far, or not there."""
    offset: int | None
    """The byte that was asked for, or the first one of the line that was."""
    counted_to: int
    """How much of the log has been counted."""
    is_complete: bool
    """Whether asking again would tell no more."""


class LineCounts:
    """Knows lines by number; one for the whole process."""

    def __init__(self, logs: LogStore) -> None:
        self._logs = logs
        self._counts: OrderedDict[str, list[int]] = OrderedDict()
        """How many newlines stand before each step, by execution; the first is 0."""

    async def find_number(self, execution_id: str, offset: int) -> Place:
        """Find the number of the line in which the byte at ``offset`` stands."""
        counts = self._remember(execution_id)
        step = offset // STEP_BYTES
        is_counted = await self._count(execution_id, counts, lambda: len(counts) > step)
        counted_to = (len(counts) - 1) * STEP_BYTES
        if not is_counted:
            return Place(None, offset, counted_to, is_complete=False)
        step = min(step, len(counts) - 1)
        block = await self._read(execution_id, step)
        before = await asyncio.to_thread(block.count, b"\n", 0, offset - step * STEP_BYTES)
        return Place(counts[step] + before + 1, offset, offset, is_complete=True)

    async def find_offset(self, execution_id: str, line: int) -> Place:
        """Find where the line of a number begins."""
        counts = self._remember(execution_id)
        before = line - 1
        is_counted = await self._count(execution_id, counts, lambda: counts[-1] >= before)
        counted_to = (len(counts) - 1) * STEP_BYTES
        if not is_counted:
            return Place(None, None, counted_to, is_complete=False)
        step = max(0, bisect_left(counts, before) - 1)
        block = await self._read(execution_id, step)
        at = await asyncio.to_thread(_find_line, block, before - counts[step])
        if at is None:
            return Place(None, None, counted_to, is_complete=True)
        return Place(line, step * STEP_BYTES + at, counted_to, is_complete=True)

    def _remember(self, execution_id: str) -> list[int]:
        counts = self._counts.setdefault(execution_id, [0])
        self._counts.move_to_end(execution_id)
        if len(self._counts) > MAX_LOGS:
            self._counts.popitem(last=False)
        return counts

    async def _count(
        self, execution_id: str, counts: list[int], is_enough: Callable[[], bool]
    ) -> bool:
        """Count on; return whether that is enough, or all that is stored has been counted."""
        for _ in range(COUNTED_BYTES // (STEP_BYTES * STEPS_AT_ONCE)):
            if is_enough():
                return True
            step = len(counts) - 1
            block = await self._read(execution_id, step, STEPS_AT_ONCE)
            lines = await asyncio.to_thread(_count_steps, block)
            if len(counts) - 1 == step:  # nobody else has counted it meanwhile
                counts.extend(islice(accumulate(lines, initial=counts[step]), 1, None))
            if len(lines) < STEPS_AT_ONCE:
                return True
        return is_enough()

    async def _read(self, execution_id: str, step: int, steps: int = 1) -> bytes:
        return await read_full(self._logs, execution_id, step * STEP_BYTES, steps * STEP_BYTES)


def _count_steps(block: bytes) -> list[int]:
    """Count the newlines of each step that is whole."""
    starts = range(0, len(block) - STEP_BYTES + 1, STEP_BYTES)
    return [block.count(b"\n", start, start + STEP_BYTES) for start in starts]


def _find_line(block: bytes, before: int) -> int | None:
    """Return where the line begins that stands behind so many others."""
    at = 0
    for _ in range(before):
        at = block.find(b"\n", at) + 1
        if at == 0:
            return None
    return at
