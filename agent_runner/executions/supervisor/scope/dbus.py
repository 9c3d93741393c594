# SPDX-License-Identifier: GPL-3.0-or-later
"""How does one call to systemd look on the wire, and is there a refusal in what comes back?

This is as much of D-Bus as ``StartTransientUnit`` needs. A library would cost each start ten
times as much, and each supervisor megabytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_CALL, _ERROR = 1, 3  # types of messages
_HEADER = struct.Struct(
    "<cBBBIII"
)  # byte order, type, flags, version, body's size, serial, fields' size
_FIELDS = (
    (1, "o", "/org/freedesktop/systemd1"),
    (2, "s", "org.freedesktop.systemd1.Manager"),
    (3, "s", "StartTransientUnit"),
    (6, "s", "org.freedesktop.systemd1"),
    (8, "g", "ssa(sv)a(sa(sv))"),
)
_STRUCT_ALIGNMENT = 8


class Property(NamedTuple):
    """A property of a unit: a text (``s``), a number (``t``) or several small ones (``au``)."""

    name: str
    kind: str
    value: str | int | list[int]


class CallError(Exception):
    """systemd refuses the call; says why."""


def build_start(unit: str, properties: Iterable[Property]) -> bytes:
    """Return the message that asks for a transient unit; one of this name must not exist."""
    items = bytearray()
    for each in properties:
        _align(items, _STRUCT_ALIGNMENT)
        _put_text(items, each.name)
        _put_variant(items, each.kind, each.value)
    body = bytearray()
    _put_text(body, unit)
    _put_text(body, "fail")
    _put_array(body, items)
    _put_array(body, bytearray())  # no auxiliary units
    fields = bytearray()
    for code, kind, value in _FIELDS:
        _align(fields, _STRUCT_ALIGNMENT)
        fields.append(code)
        _put_variant(fields, kind, value)
    message = bytearray(_HEADER.pack(b"l", _CALL, 0, 1, len(body), 1, len(fields))) + fields
    _align(message, _STRUCT_ALIGNMENT)
    return bytes(message + body)


def check_messages(data: bytes) -> bytes:
    """Look through what systemd has sent and return the message that is not complete yet.

    Raises:
        CallError: the call was refused.
    """
    while len(data) >= _HEADER.size:
        _, kind, _, _, body_bytes, _, fields_bytes = _HEADER.unpack_from(data)
        body_at = _HEADER.size + fields_bytes + -fields_bytes % _STRUCT_ALIGNMENT
        if len(data) < body_at + body_bytes:
            break
        if kind == _ERROR:
            (size,) = struct.unpack_from("<I", data, body_at)
            raise CallError(data[body_at + 4 : body_at + 4 + size].decode(errors="replace"))
        data = data[body_at + body_bytes :]
    return data


def _put_variant(data: bytearray, kind: str, value: str | int | list[int]) -> None:
    _put_signature(data, kind)
    if isinstance(value, int):
        _align(data, 8)
        data += struct.pack("<Q", value)
    elif isinstance(value, list):
        _align(data, 4)
        data += struct.pack(f"<I{len(value)}I", 4 * len(value), *value)
    elif kind == "g":
        _put_signature(data, value)
    else:
        _put_text(data, value)


def _put_array(data: bytearray, items: bytearray) -> None:
    """Put an array of structures: its size, which does not count the gap before the first."""
    _align(data, 4)
    data += struct.pack("<I", len(items))
    _align(data, _STRUCT_ALIGNMENT)
    data += items


def _put_text(data: bytearray, text: str) -> None:
    raw = text.encode()
    _align(data, 4)
    data += struct.pack("<I", len(raw)) + raw + b"\0"


def _put_signature(data: bytearray, signature: str) -> None:
    data += bytes([len(signature)]) + signature.encode() + b"\0"


def _align(data: bytearray, size: int) -> None:
    data += bytes(-len(data) % size)
