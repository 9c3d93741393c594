# SPDX-License-Identifier: GPL-3.0-or-later
"""How are secrets kept in the database? Sealed with AES-256-GCM and a key outside of it.

A sealed value is bound to its place by a context such as ``hosts/7/ssh_credentials``, so that a
value copied to another row does not open. Form: one byte version, 12 bytes nonce, ciphertext.
"""

import hmac
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.core.errors import SealingError, SettingsError
from api.core.private_files import read_or_create_private_file

KEY_BYTES = 32
"""AES-256."""

_NONCE_BYTES = 12
_VERSION = b"\x01"


class Sealer:
    """Seals and opens values with one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._digest_key = hmac.digest(key, b"myx digest", "sha256")

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Seal ``plaintext`` for the place named by ``context``."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plaintext, context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Open what was sealed for the same ``context``.

        Raises:
            SealingError: another key, another place, or a changed value.
        """
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, ciphertext, context.encode())
        except (InvalidTag, ValueError) as error:
            raise SealingError(
                f"The stored secret {context} does not open with the key in secret.key. "
                "Restore the secret.key that belongs to this database, or set the secret again."
            ) from error

    def digest(self, content: bytes, context: str) -> str:
        """Return a digest that nobody without the key can make, in hexadecimal.

        It tells whether two contents are equal and does not let anybody try out what they are.
        """
        return hmac.new(self._digest_key, context.encode() + b"\0" + content, "sha256").hexdigest()

    def seal_json(self, value: Any, context: str) -> bytes:
        """Seal any JSON value."""
        return self.seal(json.dumps(value).encode(), context)

    def unseal_json(self, sealed: bytes, context: str) -> Any:
        """Open what ``seal_json`` made; raises as ``unseal``."""
        return json.loads(self.unseal(sealed, context))


def load_sealer(key_file: Path) -> Sealer:
    """Read the key, or make one at the first start.

    Raises:
        SettingsError: the file does not hold a key.
    """
    key = read_or_create_private_file(key_file, lambda: os.urandom(KEY_BYTES))
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"{key_file} must hold {KEY_BYTES} bytes and holds {len(key)}. Restore it from your "
            "backup; without it the secrets in the database cannot be read."
        )
    return Sealer(key)
