# SPDX-License-Identifier: GPL-3.0-or-later
"""Where does output go: masked, limited, into the spool?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_runner.executions.supervisor.masking import Masker
from agent_runner.executions.supervisor.tail import (
    Tail,
    append_tail,
    choose_tail_bytes,
    find_character,
)
from agent_runner.protocol.segments import SegmentWriter

if TYPE_CHECKING:
    from agent_runner.executions.folder import Folder
    from agent_runner.executions.supervisor.launch import Launch
    from agent_runner.executions.supervisor.masking import Secrets
    from agent_runner.protocol.methods import LogType


class LogSink:
    """Takes what the program writes; of too much it keeps the head, and the end behind a mark.

    Raises:
        OSError: the disk refuses; from then on nothing is stored, so that the log has no gap.
    """

    def __init__(self, folder: Folder, launch: Launch, secrets: Secrets) -> None:
        self._writer = SegmentWriter(folder.log, folder.log_index)
        self._maskers: dict[LogType, Masker] = {
            "stdout": Masker(secrets),
            "stderr": Masker(secrets),
        }
        self._max_bytes = launch.log_max_bytes
        self._tail_bytes = choose_tail_bytes(launch.log_max_bytes)
        self._tail_path = folder.tail
        self._tail: Tail | None = None
        self._is_broken = False
        self._fed_bytes = self._kept_bytes = 0

    @property
    def size(self) -> int:
        """How many bytes the log has."""
        return self._writer.size

    @property
    def dropped_bytes(self) -> int:
        """How many bytes of output are not in the log; until the end, its tail counts as such."""
        return self._fed_bytes - self._kept_bytes

    def feed(self, log_type: LogType, data: bytes) -> bytes:
        """Take output of one type; return what of it may be seen, for those who look for causes."""
        shown = self._maskers[log_type].feed(data)
        self._store(log_type, shown)
        return shown

    def finish(self) -> None:
        """Store what was held back and the tail, and force all to disk."""
        for log_type, masker in self._maskers.items():
            self._store(log_type, masker.finish())
        if self._tail is not None:
            self._tail.close()
            missing = append_tail(self._tail_path, self._writer)
            self._kept_bytes = self._fed_bytes - missing
        self._writer.sync()

    def _store(self, log_type: LogType, data: bytes) -> None:
        self._fed_bytes += len(data)
        if self._is_broken:
            return
        self._is_broken = True  # unless all of it is stored, nothing later has a true place
        rest = data if self._tail else self._store_head(log_type, data)
        if rest:
            self._store_tail(log_type, rest)
        self._is_broken = False

    def _store_head(self, log_type: LogType, data: bytes) -> bytes:
        """Append as much as there is room for, in whole characters; return the rest."""
        before = self._writer.size
        room = find_character(data, max(0, self._max_bytes - self._tail_bytes - before))
        try:
            self._writer.append(log_type, data[:room])
        finally:
            self._kept_bytes += self._writer.size - before
        return data[room:]

    def _store_tail(self, log_type: LogType, data: bytes) -> None:
        if self._tail is None:
            self._writer.append("stderr", self._limit_mark())
            self._tail = Tail(self._tail_path, self._writer.size, self._tail_bytes)
        self._tail.append(log_type, data)

    def _limit_mark(self) -> bytes:
        return (
            f"\n[myx] the log has reached its limit of {self._max_bytes} bytes (log_max_bytes);"
            f" of what follows the last {self._tail_bytes} bytes are kept, and shown at the end\n"
        ).encode()
