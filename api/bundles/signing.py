# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the control plane vouch for content? With an Ed25519 key that never leaves it.

Agents get the public half when they are installed, and run only what is signed with the other.
"""

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent_runner.protocol.signing import build_signed_message
from api.core.errors import SettingsError
from api.core.private_files import read_or_create_private_file

KEY_BYTES = 32
"""An Ed25519 private key."""


class BundleSigner:
    """Signs content bundles with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(key)

    @property
    def public_key(self) -> str:
        """What agents verify with, in base64."""
        return _encode(self._key.public_key().public_bytes_raw())

    def sign(self, digest: str) -> str:
        """Return the signature of the bundle with this digest, in base64."""
        return _encode(self._key.sign(build_signed_message(digest)))


def load_signer(key_file: Path) -> BundleSigner:
    """Read the key, or make one at the first start.

    Raises:
        SettingsError: the file does not hold a key.
    """
    return _build(key_file, read_or_create_private_file(key_file, _make_key))


def find_signer(key_file: Path) -> BundleSigner:
    """Read the key of a control plane that was started before.

    Raises:
        SettingsError: there is none, it cannot be read, or it is no key.
    """
    try:
        return _build(key_file, key_file.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"{key_file} cannot be read: {error.strerror}. The control plane makes it at its first "
            "start: run this where it runs, as its user, with its MYX_DATA_DIR."
        ) from error


def _build(key_file: Path, key: bytes) -> BundleSigner:
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"{key_file} must hold {KEY_BYTES} bytes and holds {len(key)}. Restore it from your "
            "backup; with another key every agent must be installed again."
        )
    return BundleSigner(key)


def _make_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes_raw()


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
