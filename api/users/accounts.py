# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with passwords? Hashing takes long, so it happens between units of work."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from pydantic import SecretStr

from api.audit.origin import get_origin
from api.auth.passwords import Passwords
from api.auth.throttle import LoginThrottle
from api.users.errors import WrongPasswordError
from api.users.schemas import PasswordChange, User, UserCreate, UserUpdate
from api.users.service import UserService


class UserWork(Protocol):
    """A unit of work as far as users need it."""

    @property
    def users(self) -> UserService:
        """The users."""
        ...


class OpenUserWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool = False) -> AbstractAsyncContextManager[UserWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class Accounts:
    """Users with their passwords; one for the whole process."""

    def __init__(
        self, open_work: OpenUserWork, passwords: Passwords, throttle: LoginThrottle
    ) -> None:
        self._open_work = open_work
        self._passwords = passwords
        self._throttle = throttle

    async def create_user(self, body: UserCreate) -> User:
        """Add a user; raises as ``UserService.create_user``."""
        kept = await self._hash(body.password)
        async with self._open_work() as work:
            return await work.users.create_user(body, kept)

    async def update_user(self, name: str, body: UserUpdate) -> User:
        """Change a user; raises as ``UserService.update_user``."""
        kept = await self._hash(body.password)
        async with self._open_work() as work:
            return await work.users.update_user(name, body, kept)

    async def change_password(self, name: str, body: PasswordChange) -> None:
        """Change one's own password, and end all of one's sessions.

        Raises:
            WrongPasswordError: the present one is another.
            TooManyAttemptsError: it was guessed too often.
        """
        attempt = self._throttle.begin(name, get_origin().address)
        async with self._open_work(read_only=True) as work:
            user = await work.users.find_kept(name)
        present = body.current_password.get_secret_value()
        if not await self._passwords.matches(user and user.password_hash, present):
            raise WrongPasswordError
        attempt.succeed()
        kept = await self._passwords.hash(body.new_password.get_secret_value())
        async with self._open_work() as work:
            await work.users.keep_password(name, kept, is_new=True)

    async def _hash(self, password: SecretStr | None) -> str | None:
        return None if password is None else await self._passwords.hash(password.get_secret_value())
