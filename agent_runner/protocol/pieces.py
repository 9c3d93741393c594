# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a stretch of log bytes become one reply that JSON can carry?

A piece is contiguous and of one type. It is text where its bytes are UTF-8, and base64 where
they are not. It never ends inside a character, so that text pieces can be joined as text.
"""

import base64
import codecs
from typing import Literal

import msgspec

Encoding = Literal["utf-8", "base64"]

TEXT_RUN_BYTES = 4096
"""How much text in a row is worth a piece of its own between bytes that are no text: a log of
half Latin-1 lines must not become a message for each accent."""

_LONGEST_CHARACTER_BYTES = 4


class EncodedPiece(msgspec.Struct, frozen=True):
    """The bytes of one piece as JSON can carry them, and how many bytes it stands for."""

    text: str
    encoding: Encoding
    length: int


def encode_piece(data: bytes, *, more_may_follow: bool) -> EncodedPiece:
    """Encode as much of ``data`` as can be sent without splitting a character.

    Args:
        data: bytes of one type, from the offset that was asked for.
        more_may_follow: whether the bytes after ``data`` are unknown yet or cut off by a limit,
            so that an unfinished character at the end is held back for the next piece.
    """
    try:
        text, length = codecs.utf_8_decode(data, "strict", False)
    except UnicodeDecodeError as error:
        if error.start >= TEXT_RUN_BYTES:
            return EncodedPiece(data[: error.start].decode(), "utf-8", error.start)
        return _encode_raw(data[: _raw_length(data, more_may_follow=more_may_follow)])
    if length == 0 and data and not more_may_follow:
        return _encode_raw(data)
    return EncodedPiece(text, "utf-8", length)


def decode_piece(text: str, encoding: Encoding) -> bytes:
    """Return the bytes that a piece stands for."""
    return base64.b64decode(text, validate=True) if encoding == "base64" else text.encode()


def _encode_raw(data: bytes) -> EncodedPiece:
    return EncodedPiece(base64.b64encode(data).decode("ascii"), "base64", len(data))


def _raw_length(data: bytes, *, more_may_follow: bool) -> int:
    """Count the bytes before the first line with which a long enough run of text begins."""
    line_start = data.find(b"\n") + 1
    while line_start and len(data) - line_start >= TEXT_RUN_BYTES:
        if _is_text(data[line_start : line_start + TEXT_RUN_BYTES]):
            return line_start
        line_start = data.find(b"\n", line_start) + 1
    return len(data) - (_unfinished_length(data) if more_may_follow else 0)


def _is_text(data: bytes) -> bool:
    try:
        codecs.utf_8_decode(data, "strict", False)
    except UnicodeDecodeError:
        return False
    return True


def _unfinished_length(data: bytes) -> int:
    """Count the bytes at the end that are the beginning of a character."""
    for length in range(1, min(_LONGEST_CHARACTER_BYTES, len(data) + 1)):
        tail = data[-length:]
        if _is_text(tail) and codecs.utf_8_decode(tail, "strict", False)[1] == 0:
            return length
    return 0
