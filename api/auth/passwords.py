# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a password kept and checked? As Argon2id, on threads, a few at once; owns ``argon2``."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2
"""Each takes 64 MiB and some 50 ms of the cores: more at once would only wait for each other."""


class Passwords:
    """Hashes and checks passwords; one for the whole process."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Take the hasher, for tests a cheaper one."""
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._of_nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, kept: str | None, password: str) -> bool:
        """Say whether it is the password; takes as long where nothing is kept."""
        async with self._slots:
            return await asyncio.to_thread(self._check, kept, password)

    def is_outdated(self, kept: str) -> bool:
        """Say whether it was hashed with other parameters than passwords are today."""
        return self._hasher.check_needs_rehash(kept)

    def _check(self, kept: str | None, password: str) -> bool:
        if self._of_nobody is None:
            self._of_nobody = self._hasher.hash(secrets.token_urlsafe())
        try:
            self._hasher.verify(self._of_nobody if kept is None else kept, password)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None
