# SPDX-License-Identifier: GPL-3.0-or-later
"""How does one log of two types lie on disk, so that any stretch can be read by offset?

Two append-only files: the log's bytes in arrival order, and an index with a record for each
change of type. A record is the offset at which a type begins (8 bytes, little-endian, the top
bit set for stderr). The index is written before the bytes it speaks of, so a reader that sees
a byte can always tell its type; a record beyond the end of the log is a write that never
happened and is ignored.
"""

import os
from bisect import bisect_right
from pathlib import Path

from agent_runner.protocol.methods import LogType

RECORD_BYTES = 8
"""The length of one record of the index."""

_STDERR_BIT = 1 << 63


class SegmentWriter:
    """Appends to a log and its index; continues behind what is there.

    Raises:
        OSError: the disk refuses; ``size`` then tells what is stored for sure.
    """

    def __init__(self, log_path: Path, index_path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._log_fd = os.open(log_path, flags, 0o600)
        self._index_fd = os.open(index_path, flags, 0o600)
        self.size = os.fstat(self._log_fd).st_size
        records = read_records(index_path)
        self._last_type: LogType | None = records[-1][1] if records else None

    def append(self, log_type: LogType, data: bytes) -> int:
        """Append ``data`` and return the new size."""
        if not data:
            return self.size
        if log_type != self._last_type:
            mark = self.size | (_STDERR_BIT if log_type == "stderr" else 0)
            os.write(self._index_fd, mark.to_bytes(RECORD_BYTES, "little"))
            self._last_type = log_type
        view = memoryview(data)
        while view:
            written = os.write(self._log_fd, view)
            self.size += written
            view = view[written:]
        return self.size

    def sync(self) -> None:
        """Return when everything that was appended is on disk."""
        os.fsync(self._index_fd)
        os.fsync(self._log_fd)

    def close(self) -> None:
        """Close both files."""
        os.close(self._log_fd)
        os.close(self._index_fd)


def read_records(index_path: Path) -> list[tuple[int, LogType]]:
    """Return the index as ``(offset, type)`` pairs in order; a torn last record is left out."""
    try:
        raw = index_path.read_bytes()
    except FileNotFoundError:
        return []
    records: list[tuple[int, LogType]] = []
    for start in range(0, len(raw) - RECORD_BYTES + 1, RECORD_BYTES):
        mark = int.from_bytes(raw[start : start + RECORD_BYTES], "little")
        records.append((mark & ~_STDERR_BIT, "stderr" if mark & _STDERR_BIT else "stdout"))
    return records


def read_segment(
    log_path: Path, index_path: Path, offset: int, limit: int
) -> tuple[LogType, bytes, int]:
    """Read at most ``limit`` bytes of one type from ``offset``.

    Returns:
        The type, the bytes (empty at the end of what is stored), and the log's size, which was
        taken before the bytes were read.

    Raises:
        FileNotFoundError: there is no such log.
    """
    fd = os.open(log_path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(fd).st_size
        records = read_records(index_path)
        place = bisect_right(records, offset, key=lambda record: record[0])
        log_type: LogType = records[place - 1][1] if place else "stdout"
        end = min(size, records[place][0] if place < len(records) else size, offset + limit)
        return log_type, os.pread(fd, max(0, end - offset), offset), size
    finally:
        os.close(fd)
