# SPDX-License-Identifier: GPL-3.0-or-later
"""How are machine-made ids made? UUID version 7 (RFC 9562): unique, and sorted by time."""

import secrets
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_LOW_62_BITS = (1 << 62) - 1


def make_uuid7(unix_ms: int, random_bits: int) -> UUID:
    """Make the UUIDv7 of a moment in milliseconds and 74 random bits."""
    upper = ((random_bits >> 62) & 0xFFF) << 64
    lower = random_bits & _LOW_62_BITS
    return UUID(int=(unix_ms << 80) | _VERSION | upper | _VARIANT | lower)


def new_id() -> str:
    """Make a new UUIDv7 as text: 36 characters, later ones sort behind earlier ones."""
    return str(make_uuid7(time.time_ns() // 1_000_000, secrets.randbits(74)))
