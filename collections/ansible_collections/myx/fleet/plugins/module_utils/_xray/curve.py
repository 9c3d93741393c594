# SPDX-License-Identifier: GPL-3.0-or-later
"""Which public key belongs to a private key of X25519?

It is computed here, since managed hosts have no library for it: once for each key that is made or
shown, never with what somebody else has chosen, so its time tells nobody anything.
"""

from __future__ import annotations

import base64
import binascii

from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError

KEY_BYTES = 32
"""The length of both keys."""

_PRIME = 2**255 - 19
_A24 = 121665


def read_public_key(private_key: str) -> str:
    """Return the public key of a REALITY private key, both in unpadded URL-safe base64.

    Raises:
        OptionError: it is no such key; the message does not tell it.
    """
    try:
        private = base64.urlsafe_b64decode(private_key + "=" * (-len(private_key) % 4))
    except (binascii.Error, ValueError) as error:
        raise OptionError("The private key is no URL-safe base64.") from error
    if len(private) != KEY_BYTES:
        raise OptionError(f"The private key has {len(private)} bytes; X25519 has {KEY_BYTES}.")
    return encode(multiply_base_point(private))


def encode(raw: bytes) -> str:
    """Return bytes as Xray writes keys: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def multiply_base_point(private: bytes) -> bytes:
    """Return the public key of 32 private bytes, as RFC 7748 describes it."""
    scalar = int.from_bytes(private, "little")
    scalar = (scalar & ~7 & ~(1 << 255)) | (1 << 254)
    x2, z2, x3, z3 = 1, 0, 9, 1
    swap = 0
    for position in reversed(range(255)):
        bit = (scalar >> position) & 1
        if swap != bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        swap = bit
        x2, z2, x3, z3 = _step(x2, z2, x3, z3)
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, _PRIME - 2, _PRIME) % _PRIME).to_bytes(KEY_BYTES, "little")


def _step(x2: int, z2: int, x3: int, z3: int) -> tuple[int, int, int, int]:
    """Double the one point and add both: the ladder's rung from the base point 9."""
    plus, minus = x2 + z2, x2 - z2
    plus_squared, minus_squared = plus * plus, minus * minus
    difference = plus_squared - minus_squared
    left, right = (x3 - z3) * plus, (x3 + z3) * minus
    return (
        plus_squared * minus_squared % _PRIME,
        difference * (plus_squared + _A24 * difference) % _PRIME,
        (left + right) ** 2 % _PRIME,
        9 * (left - right) ** 2 % _PRIME,
    )
