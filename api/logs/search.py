# SPDX-License-Identifier: GPL-3.0-or-later
"""In which line of a log of any size does something stand? Looked for block by block.

Terminal sequences are left out, as whoever reads the log does not see them, and upper and lower
case are the same. One call looks through a bounded stretch and tells how far it came, so that
nobody waits long for an answer and a log that is huge costs many small turns.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from api.logs.store import LogStore, read_full

SCANNED_BYTES = 128 * 1024 * 1024
"""How much of a log one call looks through."""

BLOCK_BYTES = 1024 * 1024
"""How much of a log is in memory at once, a few times over; looking through it is one call of
C, for which all else in the process waits: a millisecond, or ten where all is coloured."""

FAR_BYTES = 8192
"""A match that lies farther behind the beginning of its line is shown where it stands."""

_OVERLAP_BYTES = 4096
"""How much is looked at twice of a line that is longer than a block: more than any text."""

_AHEAD_BYTES = 256
"""How much of the next lines is known behind a block."""

_SEQUENCE = re.compile(
    rb"\x1b\[[0-9;:?<=>!]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[^\n]?"
)
_FAILURE = re.compile(rb"^(?:fatal: \[|failed: \[|ERROR! )", re.MULTILINE)
_IGNORED = b"...ignoring"
"""What Ansible prints in the line behind a failure that was meant to be survived."""

_NEWLINE = 10

Text = TypeVar("Text", str, bytes)

Block = tuple[bytes, bytes]
"""Whole lines, and what stands behind them."""

Positions = Callable[[Block], list[tuple[int, int]]]
"""Finds matches: how many lines stand before each, and how many bytes of its line."""


@dataclass(frozen=True, slots=True)
class Match:
    """What one call has found."""

    offset: int | None
    """Where the line begins, or the match where that is far behind."""
    scanned_to: int
    """Where the next call goes on."""
    is_complete: bool
    """Whether nothing is left to look through in this direction."""


def finds_text(text: str) -> Positions:
    """Make what finds a text."""
    wanted = text.lower()
    if wanted.isascii():
        needle = wanted.encode()
        if wanted == wanted.upper():  # no letters, so those of the log need not be made alike
            return lambda block: _find_all(_strip(block[0]), needle, b"\n")
        return lambda block: _find_all(_strip(block[0]).lower(), needle, b"\n")
    return lambda block: _find_all(_decode(block[0]), wanted, "\n")


def find_failures(block: Block) -> list[tuple[int, int]]:
    """Find tasks that failed and hosts that cannot be reached, but for what was ignored."""
    lines, behind = block
    length = len(_strip(lines))
    plain = _strip(lines + behind)
    found, number, counted_to = [], 0, 0
    for match in _FAILURE.finditer(plain, 0, length):
        end = plain.find(b"\n", match.start())
        if end < 0 or not plain.startswith(_IGNORED, end + 1):
            number += plain.count(b"\n", counted_to, match.start())
            counted_to = match.start()
            found.append((number, 0))
    return found


async def search_forward(
    logs: LogStore, execution_id: str, offset: int, positions: Positions
) -> Match:
    """Find the first line from ``offset`` on, where a line begins."""
    stop = offset + SCANNED_BYTES
    while offset < stop:
        data = await read_full(logs, execution_id, offset, BLOCK_BYTES + _AHEAD_BYTES)
        is_last = len(data) < BLOCK_BYTES + _AHEAD_BYTES
        cut = len(data) if is_last else data.rfind(b"\n", 0, BLOCK_BYTES) + 1 or BLOCK_BYTES
        block = data[:cut], data[cut:]
        found = await asyncio.to_thread(_find_place, block, positions, 0)
        if found is not None:
            place = offset + found
            return Match(place, place, is_complete=True)
        if is_last:
            return Match(None, offset + cut, is_complete=True)
        offset += cut if data[cut - 1] == _NEWLINE else cut - _OVERLAP_BYTES
    return Match(None, offset, is_complete=False)


async def search_backward(
    logs: LogStore, execution_id: str, offset: int, positions: Positions
) -> Match:
    """Find the last line that begins before ``offset``, where a line begins."""
    stop = max(0, offset - SCANNED_BYTES)
    while offset > stop:
        start = max(0, offset - BLOCK_BYTES)
        data = await read_full(logs, execution_id, start, offset - start + _AHEAD_BYTES)
        lines, behind = data[: offset - start], data[offset - start :]
        newline = lines.find(b"\n", 0, len(lines) - 1)
        skipped = newline + 1 if start else 0
        block = lines[skipped:], behind
        found = await asyncio.to_thread(_find_place, block, positions, -1)
        if found is not None:
            place = start + skipped + found
            return Match(place, place, is_complete=True)
        if start == 0:
            return Match(None, 0, is_complete=True)
        if newline < 0:  # a line that is longer than a block
            offset = start + min(_OVERLAP_BYTES, (offset - start) // 2)
        else:
            offset = start + skipped
    return Match(None, offset, is_complete=offset == 0)


def _strip(data: bytes) -> bytes:
    """Leave out terminal sequences; as many lines stay as there were."""
    return _SEQUENCE.sub(b"", data) if b"\x1b" in data else data


def _decode(data: bytes) -> str:
    return _strip(data).decode(errors="replace").lower()


def _find_all(lines: Text, wanted: Text, newline: Text) -> list[tuple[int, int]]:
    """Return the first match and the last one: nobody asks for those between."""
    first = lines.find(wanted)
    if first < 0:
        return []
    return [
        (lines.count(newline, 0, at), at - lines.rfind(newline, 0, at) - 1)
        for at in (first, lines.rfind(wanted))
    ]


def _find_place(block: Block, positions: Positions, which: int) -> int | None:
    """Return where in the block the first match is, or the last one."""
    found = positions(block)
    return _locate(block[0], *found[which]) if found else None


def _locate(lines: bytes, before: int, behind: int) -> int:
    """Return where the line begins before which so many stand, or the match that is far behind."""
    start = 0
    for _ in range(before):
        start = lines.index(b"\n", start) + 1
    return start + behind if behind > FAR_BYTES else start
