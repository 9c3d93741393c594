# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a log is in memory only? Its newest bytes, behind those that are in its file."""

from collections.abc import Sequence

from agent_runner.protocol.methods import LogType

Piece = tuple[LogType, bytes]


class Tail:
    """The end of one log. Only bookkeeping: no disk, no clock."""

    __slots__ = ("_pieces", "is_sealing", "length", "since", "start")

    def __init__(self, start: int, since: float) -> None:
        """Begin where the file ends; ``since`` is now."""
        self.start = start
        self.since = since
        """When the oldest of it came, or somewhat before."""
        self.length = 0
        self.is_sealing = False
        """Whether a thread is writing it."""
        self._pieces: list[tuple[LogType, bytearray]] = []

    @property
    def size(self) -> int:
        """The size of the whole log."""
        return self.start + self.length

    def append(self, log_type: LogType, data: bytes) -> None:
        """Add bytes at the end."""
        if self._pieces and self._pieces[-1][0] == log_type:
            self._pieces[-1][1].extend(data)
        else:
            self._pieces.append((log_type, bytearray(data)))
        self.length += len(data)

    def list_pieces(self) -> Sequence[Piece]:
        """Return what is there, in order."""
        return [(log_type, bytes(data)) for log_type, data in self._pieces]

    def drop(self, length: int) -> None:
        """Forget the first bytes, since they are in the file."""
        length = max(0, min(length, self.length))
        self.start += length
        self.length -= length
        while length:
            log_type, data = self._pieces[0]
            if len(data) > length:
                self._pieces[0] = (log_type, data[length:])
                return
            length -= len(data)
            del self._pieces[0]

    def read(self, offset: int, limit: int) -> Piece:
        """Read at most ``limit`` bytes of one type from an offset that is not before its start."""
        skipped, log_type = offset - self.start, LAST_TYPE
        for log_type, data in self._pieces:
            if skipped < len(data):
                return log_type, bytes(data[skipped : skipped + limit])
            skipped -= len(data)
        return log_type, b""

    def read_bytes(self, offset: int, limit: int) -> bytes:
        """Read bytes of whichever type from an offset that is not before its start."""
        skipped = offset - self.start
        return b"".join(data for _, data in self._pieces)[skipped : skipped + limit]


LAST_TYPE: LogType = "stdout"
"""What reads as the type of nothing."""
