# SPDX-License-Identifier: GPL-3.0-or-later
"""How does one log of two types lie on disk, so that any stretch can be read by offset?

Two append-only files: the log's bytes in arrival order, and an index with a record for each
change of type. A record is the offset at which a type begins (8 bytes, little-endian, the top
bit set for stderr). What lies before the first record is stdout: most logs have nothing else, and
so no index, which would be a file more to make and to wait for. The index is written before the
bytes it speaks of, so a reader that sees a byte can always tell its type; a record beyond the end
of the log is a write that never happened, or that a power cut has taken back: readers ignore it, a
writer removes it. A reader finds its place by binary search in the file, so that a read costs the
same at every offset of every log.
"""

from __future__ import annotations

import errno
import os
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Names only: a supervisor loads this module and must stay small, without msgspec.
    from pathlib import Path

    from agent_runner.protocol.methods import LogType

RECORD_BYTES = 8
"""The length of one record of the index."""

_STDERR_BIT = 1 << 63
_WRITE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class SegmentWriter:
    """Appends to a log and its index; continues behind what is there.

    Raises:
        OSError: the disk refuses; ``size`` then tells what is stored for sure.
    """

    def __init__(self, log_path: Path, index_path: Path) -> None:
        self._log_fd = os.open(log_path, _WRITE_FLAGS, 0o600)
        self._index_path = index_path
        self._index_fd = _open_existing(index_path)
        self.size = os.fstat(self._log_fd).st_size
        self._marked_at: int | None = None
        self._last_type = self._recover()

    def append(self, log_type: LogType, data: bytes) -> int:
        """Append ``data`` and return the new size."""
        if not data:
            return self.size
        if log_type != self._last_type:
            self._mark(log_type)
        view = memoryview(data)
        while view:
            written = os.write(self._log_fd, view)
            self.size += written
            view = view[written:]
        return self.size

    def sync(self) -> None:
        """Return when everything that was appended is on disk."""
        if self._index_fd is not None:
            os.fsync(self._index_fd)
        os.fsync(self._log_fd)

    def close(self) -> None:
        """Close both files."""
        os.close(self._log_fd)
        if self._index_fd is not None:
            os.close(self._index_fd)

    def _recover(self) -> LogType:
        """Remove records that are torn, empty or beyond the log; return the type at its end."""
        if self._index_fd is None:
            return "stdout"
        index = _Index(self._index_fd)
        ordered = len(index)
        while ordered > 1 and index[ordered - 1] <= index[ordered - 2]:
            ordered -= 1  # a power cut can leave zeros where a record was to be
        kept = bisect_right(index, self.size, hi=ordered)
        os.ftruncate(self._index_fd, kept * RECORD_BYTES)
        self._marked_at = index[kept - 1] if kept else None
        return index.type_of(kept - 1) if kept else "stdout"

    def _mark(self, log_type: LogType) -> None:
        if self._index_fd is None:
            self._index_fd = os.open(self._index_path, _WRITE_FLAGS, 0o600)
        if self._marked_at == self.size:  # no byte came of the type that was announced here
            os.ftruncate(self._index_fd, (len(_Index(self._index_fd)) - 1) * RECORD_BYTES)
            self._marked_at = None
        mark = self.size | (_STDERR_BIT if log_type == "stderr" else 0)
        written = os.write(self._index_fd, mark.to_bytes(RECORD_BYTES, "little"))
        if written < RECORD_BYTES:
            os.ftruncate(self._index_fd, len(_Index(self._index_fd)) * RECORD_BYTES)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._last_type, self._marked_at = log_type, self.size


def _open_existing(path: Path) -> int | None:
    try:
        return os.open(path, _WRITE_FLAGS & ~os.O_CREAT)
    except FileNotFoundError:
        return None


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
    log_fd = os.open(log_path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(log_fd).st_size
        log_type, segment_end = _find_segment(index_path, offset)
        end = min(size, offset + limit)
        if segment_end is not None:
            end = min(end, segment_end)
        return log_type, os.pread(log_fd, max(0, end - offset), offset), size
    finally:
        os.close(log_fd)


def _find_segment(index_path: Path, offset: int) -> tuple[LogType, int | None]:
    """Return the type at ``offset`` and where the next type begins, where one does."""
    try:
        fd = os.open(index_path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return "stdout", None
    try:
        index = _Index(fd)
        place = bisect_right(index, offset)
        log_type = index.type_of(place - 1) if place else "stdout"
        return log_type, index[place] if place < len(index) else None
    finally:
        os.close(fd)


class _Index:
    """The offsets of an index file as a sequence, read one record at a time."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._length = os.fstat(fd).st_size // RECORD_BYTES

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: int) -> int:
        return self._read(place) & ~_STDERR_BIT

    def type_of(self, place: int) -> LogType:
        """Return the type that begins at record ``place``."""
        return "stderr" if self._read(place) & _STDERR_BIT else "stdout"

    def _read(self, place: int) -> int:
        return int.from_bytes(os.pread(self._fd, RECORD_BYTES, place * RECORD_BYTES), "little")
