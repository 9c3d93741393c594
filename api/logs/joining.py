# SPDX-License-Identifier: GPL-3.0-or-later
"""How do many small pieces of a log become few?"""

from collections.abc import Iterable

JOINED_BYTES = 64 * 1024
"""How large a piece may become by joining; a larger one stays as it is."""

Chunk = tuple[int, str, bytes]
"""Where it begins, its type, its bytes."""


def join_chunks(chunks: Iterable[Chunk]) -> list[Chunk]:
    """Join neighbours of the same type, up to ``JOINED_BYTES`` each."""
    joined: list[Chunk] = []
    pieces: list[bytes] = []
    size = 0
    for start, log_type, data in chunks:
        if joined and joined[-1][1] == log_type and size + len(data) <= JOINED_BYTES:
            pieces.append(data)
            size += len(data)
            continue
        _complete(joined, pieces)
        joined.append((start, log_type, b""))
        pieces, size = [data], len(data)
    _complete(joined, pieces)
    return joined


def _complete(joined: list[Chunk], pieces: list[bytes]) -> None:
    if joined:
        start, log_type, _ = joined[-1]
        joined[-1] = (start, log_type, b"".join(pieces))
