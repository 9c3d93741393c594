# SPDX-License-Identifier: GPL-3.0-or-later
"""How does somebody sign in? With name and password, slowly where guesses were wrong.

A wrong name is answered like a wrong password, after the same work.
"""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

import structlog

from api.audit.origin import get_origin
from api.audit.service import AuditService
from api.auth.errors import LoginFailedError
from api.auth.passwords import Passwords
from api.auth.principals import Principal
from api.auth.throttle import LoginThrottle
from api.auth.tokens import make_token
from api.sessions.schemas import SignIn
from api.sessions.service import SessionService
from api.users.service import Kept, UserService

_log = structlog.stdlib.get_logger(__name__)


class SessionWork(Protocol):
    """A unit of work as far as signing in needs it."""

    @property
    def users(self) -> UserService:
        """The users."""
        ...

    @property
    def sessions(self) -> SessionService:
        """The sessions."""
        ...

    @property
    def audit(self) -> AuditService:
        """The audit."""
        ...


class OpenSessionWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool = False) -> AbstractAsyncContextManager[SessionWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class SignedIn(NamedTuple):
    """A new session."""

    name: str
    token: str
    expires_at: datetime


class Door:
    """Lets people in and out; one for the whole process."""

    def __init__(
        self, open_work: OpenSessionWork, passwords: Passwords, throttle: LoginThrottle
    ) -> None:
        self._open_work = open_work
        self._passwords = passwords
        self._throttle = throttle

    async def sign_in(self, body: SignIn) -> SignedIn:
        """Begin a session.

        Raises:
            LoginFailedError: name or password is wrong, or the user is disabled.
            TooManyAttemptsError: it was wrong too often.
        """
        attempt = self._throttle.begin(body.name, get_origin().address)
        user = await self._check(body)
        if user is None:
            await self._tell_failure(body.name)
            raise LoginFailedError
        attempt.succeed()
        return await self._begin(user, body.password.get_secret_value())

    async def sign_out(self, principal: Principal) -> None:
        """End the session that was shown; for who showed none there is nothing to end."""
        if principal.session_id is None:
            return
        async with self._open_work() as work:
            await work.sessions.end(principal.session_id)
            await work.audit.record("sign_out", "users", principal.name)

    async def _check(self, body: SignIn) -> Kept | None:
        async with self._open_work(read_only=True) as work:
            user = await work.users.find_kept(body.name)
        kept = None if user is None else user.password_hash
        is_right = await self._passwords.matches(kept, body.password.get_secret_value())
        return user if is_right and user is not None and not user.is_disabled else None

    async def _begin(self, user: Kept, password: str) -> SignedIn:
        outdated = user.password_hash is not None and self._passwords.is_outdated(
            user.password_hash
        )
        rehashed = await self._passwords.hash(password) if outdated else None
        token = make_token()
        async with self._open_work() as work:
            if rehashed is not None:
                await work.users.keep_password(user.name, rehashed, is_new=False)
            session_id, expires_at = await work.sessions.begin(user.user_id, token)
            await work.audit.record(
                "sign_in", "users", user.name, {"session": session_id}, actor=user.name
            )
        return SignedIn(user.name, token, expires_at)

    async def _tell_failure(self, name: str) -> None:
        _log.warning("login_failed", user=name, client=get_origin().address)
        async with self._open_work() as work:
            await work.audit.record(
                "sign_in", "users", name, result=LoginFailedError.code, actor=name
            )
