# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bytes does the control plane sign to vouch for a content bundle?"""

SIGNED_PREFIX = b"myx bundle v1\0"
"""Keeps a signature of a bundle from being one of anything else."""

PUBLIC_KEY_PATTERN = r"^[A-Za-z0-9+/]{43}=$"
"""An Ed25519 public key: 32 bytes in base64."""

SIGNATURE_PATTERN = r"^[A-Za-z0-9+/]{86}==$"
"""An Ed25519 signature: 64 bytes in base64."""


def build_signed_message(digest: str) -> bytes:
    """Return what is signed for the bundle with this digest."""
    return SIGNED_PREFIX + bytes.fromhex(digest)
