# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a stretch of log bytes become one reply that JSON can carry?

A piece is contiguous and of one type. It is text where its bytes are UTF-8, and base64 where
they are not. It never ends inside a character, so that text pieces can be joined as text.
"""

import base64
from typing import Literal

import msgspec

Encoding = Literal["utf-8", "base64"]


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
        return EncodedPiece(data.decode(), "utf-8", len(data))
    except UnicodeDecodeError as error:
        good = error.start
        unfinished = error.reason == "unexpected end of data"
    if good:
        return EncodedPiece(data[:good].decode(), "utf-8", good)
    if unfinished and more_may_follow:
        return EncodedPiece("", "utf-8", 0)
    raw = data[: _undecodable_length(data)]
    return EncodedPiece(base64.b64encode(raw).decode("ascii"), "base64", len(raw))


def decode_piece(text: str, encoding: Encoding) -> bytes:
    """Return the bytes that a piece stands for."""
    return base64.b64decode(text, validate=True) if encoding == "base64" else text.encode()


def _undecodable_length(data: bytes) -> int:
    """Count the bytes at the start of ``data`` before a long enough stretch of text begins.

    Binary output is full of short accidental text: switching the encoding for each of it would
    make a piece of every byte, so the whole rest goes as base64 unless a full line of it is text.
    """
    position = 0
    while True:
        line_end = data.find(b"\n", position)
        if line_end < 0:
            return len(data)
        following = data[line_end + 1 : data.find(b"\n", line_end + 1) + 1]
        if following and _is_text(following):
            return line_end + 1
        position = line_end + 1


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
