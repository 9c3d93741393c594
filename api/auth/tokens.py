# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a token made, what is kept of it, and where does the admin's come from?"""

import hashlib
import secrets
from pathlib import Path

from api.core.errors import SettingsError
from api.core.private_files import read_or_create_private_file

TOKEN_PREFIX = "myx_"  # noqa: S105 - lets secret scanners recognise ours
TOKEN_BYTES = 32
"""Random bytes in a token: as hard to guess as an AES-256 key."""

MIN_TOKEN_LENGTH = 32
"""A shorter one in the file was written by hand and is too easy to guess."""


def make_token() -> str:
    """Make a new random token."""
    return TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def load_admin_token(path: Path) -> str:
    """Read the admin token; the first start writes it, 0600.

    Raises:
        SettingsError: the file holds something else.
    """
    content = read_or_create_private_file(path, f"{make_token()}\n".encode)
    token = content.decode(errors="replace").strip()
    if len(token) < MIN_TOKEN_LENGTH or not token.isascii() or not token.isprintable():
        raise SettingsError(
            f"{path} must hold one token of at least {MIN_TOKEN_LENGTH} characters. "
            "Delete the file to have a new one made at the next start."
        )
    return token


def digest_token(token: str) -> str:
    """Return what is kept of a token: its SHA-256, in hexadecimal.

    A token is as long and as random as a key, so nobody finds it by trying, and a slow hash such as
    Argon2, which makes up for passwords that people choose, would only make each request slow.
    """
    return hashlib.sha256(token.encode()).hexdigest()
