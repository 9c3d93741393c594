# SPDX-License-Identifier: GPL-3.0-or-later
"""What does one read of a log at a byte offset answer?"""

from pathlib import Path

import msgspec

from agent_runner.protocol.methods import LogType
from agent_runner.protocol.pieces import EncodedPiece, encode_piece
from agent_runner.protocol.segments import read_segment


class LogPiece(msgspec.Struct, frozen=True):
    """One contiguous piece of one type, and how long the log was when it was read."""

    log_type: LogType
    piece: EncodedPiece
    offset: int
    size: int

    @property
    def new_offset(self) -> int:
        """Where the next read begins."""
        return self.offset + self.piece.length


def read_log_piece(
    log_path: Path, index_path: Path, *, offset: int, limit: int, has_ended: bool
) -> LogPiece:
    """Read the piece at ``offset``.

    Args:
        log_path: the log's bytes.
        index_path: where its types change.
        offset: the first byte to read.
        limit: the most bytes to read.
        has_ended: whether it was certain before this call that the log grows no more.

    Raises:
        FileNotFoundError: there is no such log.
    """
    log_type, data, size = read_segment(log_path, index_path, offset, limit)
    was_cut = len(data) == limit
    may_grow = not has_ended and offset + len(data) == size
    piece = encode_piece(data, more_may_follow=was_cut or may_grow)
    return LogPiece(log_type, piece, offset, size)
