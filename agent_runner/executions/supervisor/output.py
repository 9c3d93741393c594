# SPDX-License-Identifier: GPL-3.0-or-later
"""Where do output and events go: masked, limited, into the spool?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from agent_runner.executions.supervisor.masking import Masker
from agent_runner.protocol.segments import RECORD_BYTES, SegmentWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_runner.executions.folder import Folder
    from agent_runner.executions.supervisor.launch import Launch
    from agent_runner.protocol.methods import LogType


class LogSink:
    """Takes what the program writes; keeps the head of it up to the limit and counts the rest.

    Raises:
        OSError: the disk refuses.
    """

    def __init__(self, folder: Folder, launch: Launch) -> None:
        self._writer = SegmentWriter(folder.log, folder.log_index)
        self._maskers: dict[LogType, Masker] = {
            "stdout": Masker(launch.secrets),
            "stderr": Masker(launch.secrets),
        }
        self._max_bytes = launch.log_max_bytes
        self.dropped_bytes = 0

    @property
    def size(self) -> int:
        """How many bytes the log has."""
        return self._writer.size

    def feed(self, log_type: LogType, data: bytes) -> bytes:
        """Take output of one type; return what of it may be seen, for those who look for causes."""
        shown = self._maskers[log_type].feed(data)
        self._store(log_type, shown)
        return shown

    def finish(self) -> None:
        """Store what was held back and force all to disk."""
        for log_type, masker in self._maskers.items():
            self._store(log_type, masker.finish())
        self._writer.sync()

    def _store(self, log_type: LogType, data: bytes) -> None:
        if self.dropped_bytes:
            self.dropped_bytes += len(data)
            return
        before = self._writer.size
        room = self._max_bytes - before
        try:
            self._writer.append(log_type, data[:room])
        finally:
            self.dropped_bytes = len(data) - (self._writer.size - before)
        if self.dropped_bytes:
            self._writer.append("stderr", self._limit_mark())

    def _limit_mark(self) -> bytes:
        return (
            f"\n[myx] the log has reached its limit of {self._max_bytes} bytes (log_max_bytes);"
            " what follows is not kept\n"
        ).encode()


class EventSink:
    """Takes lines of JSON, one event each; the index holds where each event ends.

    An event is stored before its record of the index, so what the index speaks of is complete.

    Raises:
        OSError: the disk refuses.
    """

    def __init__(self, folder: Folder, launch: Launch, observe: Callable[[bytes], None]) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._events_fd = os.open(folder.events, flags, 0o600)
        self._index_fd = os.open(folder.events_index, flags, 0o600)
        self._masker = Masker(launch.secrets)
        self._max_bytes = launch.log_max_bytes
        self._observe = observe
        self._partial = b""
        self._size = 0
        self._is_broken = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the event stream."""
        self._take(self._masker.feed(data))

    def finish(self) -> None:
        """Store what was held back and force all to disk."""
        self._take(self._masker.finish())
        os.fsync(self._events_fd)
        os.fsync(self._index_fd)

    def _take(self, data: bytes) -> None:
        *lines, self._partial = (self._partial + data).split(b"\n")
        ends = bytearray()
        kept = bytearray()
        for line in lines:
            self._observe(line)
            if self._size + len(line) < self._max_bytes:
                self._size += len(line) + 1
                kept += line + b"\n"
                ends += self._size.to_bytes(RECORD_BYTES, "little")
        if not self._is_broken:
            self._is_broken = True  # unless both writes succeed, no later event has a true place
            _write_all(self._events_fd, kept)
            _write_all(self._index_fd, ends)
            self._is_broken = False


def _write_all(fd: int, data: bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
