# SPDX-License-Identifier: GPL-3.0-or-later
"""Which events stand behind a sequence number?

The events lie one behind the other, and an index holds for each where it ends (8 bytes,
little-endian), so that any event is found at once and only what is asked for is read.
"""

import os
from pathlib import Path
from typing import Any

import msgspec

from agent_runner.protocol.segments import RECORD_BYTES

MAX_ANSWER_BYTES = 1024 * 1024
"""An answer ends before the event that would make it longer, but holds one at least."""

_decoder = msgspec.json.Decoder(dict[str, Any])


def count_events(index_path: Path) -> int:
    """Return how many events are stored completely."""
    try:
        return index_path.stat().st_size // RECORD_BYTES
    except FileNotFoundError:
        return 0


def read_events(
    events_path: Path, index_path: Path, *, after: int, limit: int
) -> list[dict[str, Any]]:
    """Return at most ``limit`` events behind the one with number ``after``.

    Raises:
        FileNotFoundError: the events are gone.
    """
    ends = _read_ends(index_path, after, limit)
    if len(ends) < 2:  # noqa: PLR2004 - where the first begins and where the last ends
        return []
    start = ends[0]
    wanted = [end for end in ends[1:] if end - start <= MAX_ANSWER_BYTES] or ends[1:2]
    data = _read_at(events_path, start, wanted[-1] - start)
    return [_decoder.decode(line) for line in data.splitlines() if line]


def trim_events(events_path: Path, index_path: Path) -> None:
    """Remove what a power cut has left half-done at the end of events and index.

    Raises:
        OSError: the disk refuses.
    """
    if not index_path.exists():
        return
    count = count_events(index_path)
    while count and not _is_whole(events_path, index_path, count):
        count -= 1
    os.truncate(index_path, count * RECORD_BYTES)


def _is_whole(events_path: Path, index_path: Path, number: int) -> bool:
    """Tell whether an event is stored from its beginning to its end."""
    start, end = _read_ends(index_path, number - 1, 1)
    line = _read_at(events_path, start, max(0, end - start))
    if len(line) != end - start or not line.endswith(b"\n"):
        return False
    try:
        _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _read_ends(index_path: Path, after: int, limit: int) -> list[int]:
    """Return where event ``after`` ends and where each of the following ones does."""
    first = max(0, after - 1)
    raw = _read_at(index_path, first * RECORD_BYTES, (limit + 1) * RECORD_BYTES)
    whole = len(raw) - len(raw) % RECORD_BYTES
    ends = [
        int.from_bytes(raw[at : at + RECORD_BYTES], "little")
        for at in range(0, whole, RECORD_BYTES)
    ]
    return ends if after else [0, *ends[:limit]]


def _read_at(path: Path, offset: int, length: int) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    try:
        return os.pread(fd, length, offset)
    finally:
        os.close(fd)
