# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks? Told from a token in ``Authorization``, or from a browser's cookie.

What is right is let in however often others were wrong: only wrong tokens are slowed down.
"""

import hmac
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from starlette.requests import HTTPConnection

from api.audit.requests import READING_METHODS
from api.auth.errors import CsrfError
from api.auth.last_use import LastUses
from api.auth.principals import ADMIN, Principal
from api.auth.throttle import Buckets, Limit, get_network
from api.auth.tokens import digest_token
from api.core.clock import Clock
from api.core.errors import AuthenticationError, TooManyRequestsError
from api.sessions.cookies import find_session_token, has_csrf_token
from api.sessions.service import SessionService
from api.tokens.service import TokenService

WRONG_TOKENS = Limit(60, 1.0)
"""Of one address. No token is found by trying; it keeps a broken program from filling the log."""

_SCHEME = "bearer"


class HolderWork(Protocol):
    """A unit of work as far as recognising needs it."""

    @property
    def tokens(self) -> TokenService:
        """The API tokens."""
        ...

    @property
    def sessions(self) -> SessionService:
        """The sessions."""
        ...


class ReadHolders(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool) -> AbstractAsyncContextManager[HolderWork]:
        """Open one that only reads."""
        ...


class Authenticator:
    """Recognises who asks; keeps only the admin token's digest."""

    def __init__(
        self, admin_token: str, open_work: ReadHolders, last_uses: LastUses, clock: Clock
    ) -> None:
        self._admin_digest = digest_token(admin_token)
        self._open_work = open_work
        self._last_uses = last_uses
        self._wrong = Buckets(clock)

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """Return who asks.

        Raises:
            AuthenticationError: nobody that is known.
            TooManyRequestsError: and too often from that address.
            CsrfError: a browser that did not prove that its own page asks for a change.
        """
        address = connection.client.host if connection.client else ""
        token = _find_token(connection)
        if token is not None:
            return await self._recognise_token(token, address)
        cookie = find_session_token(connection)
        if cookie is None:
            raise AuthenticationError
        principal = await self._recognise_session(cookie, address)
        method = connection.scope["method"]
        if method not in READING_METHODS and not has_csrf_token(connection, cookie):
            raise CsrfError
        return principal

    async def _recognise_token(self, token: str, address: str) -> Principal:
        if hmac.compare_digest(digest_token(token), self._admin_digest):
            return ADMIN
        async with self._open_work(read_only=True) as work:
            holder = await work.tokens.find_holder(token)
        if holder is None or holder.principal.token_id is None:
            raise self._count_wrong(
                address,
                "The token is wrong, expired or revoked. 'myx login' gets a new one; the admin's "
                "is in 'admin-token' in the data directory.",
            )
        self._last_uses.note_token(holder.principal.token_id, holder.last_used_at, address)
        return holder.principal

    async def _recognise_session(self, cookie: str, address: str) -> Principal:
        async with self._open_work(read_only=True) as work:
            holder = await work.sessions.find_holder(cookie)
        if holder is None or holder.principal.session_id is None:
            raise self._count_wrong(address, "The session has ended. Sign in again.")
        self._last_uses.note_session(holder.principal.session_id, holder.last_used_at)
        return holder.principal

    def _count_wrong(
        self, address: str, message: str
    ) -> AuthenticationError | TooManyRequestsError:
        key = (get_network(address),)
        wait_s = self._wrong.find_wait_s(key, WRONG_TOKENS)
        if wait_s > 0:
            return TooManyRequestsError(message, retry_after_s=max(1, round(wait_s)))
        self._wrong.take(key, WRONG_TOKENS)
        return AuthenticationError(message)


def _find_token(connection: HTTPConnection) -> str | None:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == _SCHEME and token.strip() else None
