# SPDX-License-Identifier: GPL-3.0-or-later
"""How are secrets kept in the database? Sealed with AES-256-GCM and a key outside of it.

A sealed value is bound to its place by a context such as ``hosts/7/ssh_credentials``, so that a
value copied to another row does not open. Form: one byte version, 4 bytes that name the key,
12 bytes nonce, ciphertext; version 1 does not name its key.

The key file holds keys of 32 bytes one after the other. The first one seals; the others, which a
rotation that is under way leaves there, only open (``api.keys``).
"""

import contextlib
import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.core.errors import SealingError, SettingsError
from api.core.private_files import read_or_create_private_file, write_private_file

KEY_BYTES = 32
"""AES-256."""

_NONCE_BYTES = 12
_ID_BYTES = 4
_UNNAMED = b"\x01"
_NAMED = b"\x02"


class _Key:
    """A key, with what is made of it."""

    def __init__(self, key: bytes) -> None:
        self.id = hashlib.sha256(b"myx key id" + key).digest()[:_ID_BYTES]
        self.cipher = AESGCM(key)
        self.digest_key = hmac.digest(key, b"myx digest", "sha256")


class Sealer:
    """Seals values with the first of its keys, and opens them with any."""

    def __init__(self, *keys: bytes, file: "KeyFile | None" = None) -> None:
        """Take the keys, and the file to read them from again when it changes."""
        self._known = [_Key(key) for key in keys]
        self._file = file

    @property
    def _keys(self) -> list[_Key]:
        # A rotation by another replica on the same folder must be noticed before the next value
        # is sealed, which is why this looks each time: it costs two microseconds.
        changed = self._file.read_changed() if self._file else None
        if changed is not None:
            self._known = [_Key(key) for key in changed]
        return self._known

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Seal ``plaintext`` for the place named by ``context``."""
        nonce, key = os.urandom(_NONCE_BYTES), self._keys[0]
        return _NAMED + key.id + nonce + key.cipher.encrypt(nonce, plaintext, context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Open what was sealed for the same ``context``.

        Raises:
            SealingError: another key, another place, or a changed value.
        """
        keys, box = self._find_keys(sealed)
        nonce, ciphertext = box[:_NONCE_BYTES], box[_NONCE_BYTES:]
        for key in keys:
            with contextlib.suppress(InvalidTag, ValueError):
                return key.cipher.decrypt(nonce, ciphertext, context.encode())
        raise SealingError(
            f"The stored secret {context} does not open with the key in secret.key. "
            "Restore the secret.key that belongs to this database, or set the secret again."
        )

    def is_current(self, sealed: bytes) -> bool:
        """Say whether a value was sealed with the first key."""
        return sealed.startswith(_NAMED + self._keys[0].id)

    def digest(self, content: bytes, context: str) -> str:
        """Return a digest that nobody without the key can make, in hexadecimal.

        It tells whether two contents are equal and does not let anybody try out what they are.
        """
        return _digest(self._keys[0], content, context)

    def matches(self, digest: str, content: bytes, context: str) -> bool:
        """Say whether a digest, made with any of the keys, is of this content."""
        made = (_digest(key, content, context) for key in self._keys)
        return any(hmac.compare_digest(digest, each) for each in made)

    def _find_keys(self, sealed: bytes) -> tuple[Sequence[_Key], bytes]:
        """Return the keys that may open a value, and what they open."""
        version, rest = sealed[:1], sealed[1:]
        if version == _UNNAMED:
            return self._keys, rest
        named = [key for key in self._keys if version == _NAMED and rest.startswith(key.id)]
        return named, rest[_ID_BYTES:]

    def seal_json(self, value: Any, context: str) -> bytes:
        """Seal any JSON value."""
        return self.seal(json.dumps(value).encode(), context)

    def unseal_json(self, sealed: bytes, context: str) -> Any:
        """Open what ``seal_json`` made; raises as ``unseal``."""
        return json.loads(self.unseal(sealed, context))


def _digest(key: _Key, content: bytes, context: str) -> str:
    return hmac.new(key.digest_key, context.encode() + b"\0" + content, "sha256").hexdigest()


def make_key() -> bytes:
    """Make a new key."""
    return os.urandom(KEY_BYTES)


class KeyFile:
    """The file that holds the keys, the one that seals first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None

    def read(self) -> list[bytes]:
        """Read the keys, or make one at the first start.

        Raises:
            SettingsError: the file does not hold keys.
        """
        content = read_or_create_private_file(self._path, make_key)
        if not content or len(content) % KEY_BYTES:
            raise SettingsError(
                f"{self._path} must hold {KEY_BYTES} bytes, or a multiple of it while keys are "
                f"rotated, and holds {len(content)}. Restore it from your backup; without it the "
                "secrets in the database cannot be read."
            )
        return [content[at : at + KEY_BYTES] for at in range(0, len(content), KEY_BYTES)]

    def read_changed(self) -> list[bytes] | None:
        """Return the keys where the file is another one than at the last look, else None."""
        state = self._path.stat()
        stamp = (state.st_ino, state.st_mtime_ns)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        return self.read()

    def write(self, keys: Sequence[bytes]) -> None:
        """Write the keys; all of them or none."""
        write_private_file(self._path, b"".join(keys))


def load_sealer(key_file: Path) -> Sealer:
    """Make a sealer of the keys in a file; raises as ``KeyFile.read``."""
    file = KeyFile(key_file)
    return Sealer(*file.read(), file=file)
