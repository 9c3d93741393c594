# SPDX-License-Identifier: GPL-3.0-or-later
"""How do the bytes of a file travel with JSON and not inside it?

A framed body is one line of JSON and behind its line feed the bytes of one field, raw: that which
the message's type names as ``trailing``. JSON itself can be told without a line feed. A peer that
does not frame sends the field in base64, as JSON has it, and is answered so.
"""

from typing import TypeVar

import msgspec

from agent_runner.protocol.methods import Message, Result

MAX_TRAILING_BYTES = 3 * 1024 * 1024
"""The most that may stand behind the JSON: with it, it is below the largest request."""

FRAMED_TYPE = "application/vnd.myx.framed"
"""The media type of a framed body."""

_MessageT = TypeVar("_MessageT", bound=Message | Result)


def split_frame(body: bytes) -> tuple[bytes, bytes]:
    """Return the JSON of a framed body and the bytes behind it."""
    head, _, trailing = body.partition(b"\n")
    return head, trailing


def join_frame(head: bytes, trailing: bytes) -> bytes:
    """Return a framed body."""
    return b"%b\n%b" % (head, trailing) if trailing else head


def detach(message: _MessageT) -> tuple[_MessageT, bytes]:
    """Return a message without the bytes that travel behind it, and these."""
    if not message.trailing:
        return message, b""
    trailing: bytes = getattr(message, message.trailing)
    return msgspec.structs.replace(message, **{message.trailing: b""}), trailing


def attach(message: _MessageT, trailing: bytes) -> _MessageT:
    """Return a message with the bytes that came behind it.

    Raises:
        ValueError: its type takes none, or not as many.
    """
    if not trailing:
        return message
    if not message.trailing:
        raise ValueError("nothing may stand behind the JSON")
    if len(trailing) > MAX_TRAILING_BYTES:
        raise ValueError(f"{message.trailing}: at most {MAX_TRAILING_BYTES} bytes")
    return msgspec.structs.replace(message, **{message.trailing: trailing})
