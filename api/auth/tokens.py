# SPDX-License-Identifier: GPL-3.0-or-later
"""Where does the admin token come from, and how is one checked?"""

import hashlib
import hmac
import secrets
from pathlib import Path

from api.auth.principals import ADMIN, Principal
from api.core.errors import AuthenticationError, SettingsError
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


class Authenticator:
    """Recognises principals by their token; keeps only the token's digest."""

    def __init__(self, admin_token: str) -> None:
        self._digest = _digest(admin_token)

    def authenticate(self, token: str | None) -> Principal:
        """Return who holds the token.

        Raises:
            AuthenticationError: there is none, or it is wrong.
        """
        if token is None:
            raise AuthenticationError
        if not hmac.compare_digest(_digest(token), self._digest):
            raise AuthenticationError(
                "The token is wrong. Read the current one from 'admin-token' in the data directory."
            )
        return ADMIN


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
