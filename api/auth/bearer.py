# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets as far as the routes? Only who is recognised, and what they do is told with their name.

It stands before routing, because a framework reads and parses the body before it asks its
dependencies: nobody gets that far without a token or a session.
"""

from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.audit.origin import MAX_USER_AGENT, Origin, bound_origin
from api.audit.requests import READING_METHODS, Change, describe_change
from api.audit.service import OK
from api.auth.errors import PermissionDeniedError
from api.auth.principals import Principal
from api.core.errors import AuthenticationError, MyxError, TooManyRequestsError
from api.core.problem import answer_error

_log = structlog.stdlib.get_logger(__name__)

Route = tuple[str, str]
"""A method and a path, with parameters in braces."""

Recognise = Callable[[HTTPConnection], Awaitable[Principal]]
TellChange = Callable[[Change, str], Awaitable[None]]
"""Takes a change and its result."""


class AuthenticationMiddleware:
    """Lets only those who are recognised reach what is under some prefixes."""

    def __init__(
        self,
        app: ASGIApp,
        prefix: str | tuple[str, ...],
        recognise: Recognise,
        tell_change: TellChange,
        public: Collection[Route] = (),
    ) -> None:
        """Take how to recognise, whom to tell of changes, and what is open to all."""
        self._app = app
        self._prefix = prefix
        self._recognise = recognise
        self._tell_change = tell_change
        self._public = [(method, compile_path(path)[0]) for method, path in public]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the ASGI protocol."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        principal = None
        if self._is_protected(scope):
            try:
                principal = await self._recognise(HTTPConnection(scope))
            except MyxError as error:
                await _refuse(error, scope, receive, send)
                return
            scope.setdefault("state", {})["principal"] = principal
        origin = _make_origin(scope, principal)
        with bound_origin(origin):
            answer = await self._serve(scope, receive, send)
            if principal is not None and scope["method"] not in READING_METHODS and not origin.told:
                await self._tell(scope, answer)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> Message:
        """Let the application answer, and return how its answer begins."""
        start: Message = {"type": "", "status": HTTPStatus.INTERNAL_SERVER_ERROR}

        async def send_and_look(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            await send(message)

        await self._app(scope, receive, send_and_look)
        return start

    async def _tell(self, scope: Scope, answer: Message) -> None:
        """Tell of what no service has told: a change that was made, or one that was refused."""
        if answer["status"] == HTTPStatus.FORBIDDEN:
            await self._tell_change(describe_change(scope), PermissionDeniedError.code)
        elif answer["status"] < HTTPStatus.BAD_REQUEST:
            location = Headers(raw=answer["headers"]).get("location")
            await self._tell_change(describe_change(scope, location), OK)

    def _is_protected(self, scope: Scope) -> bool:
        path = scope["path"]
        is_public = any(
            scope["method"] == method and pattern.fullmatch(path)
            for method, pattern in self._public
        )
        return path.startswith(self._prefix) and not is_public


async def _refuse(error: MyxError, scope: Scope, receive: Receive, send: Send) -> None:
    if isinstance(error, AuthenticationError | TooManyRequestsError):
        address = (scope.get("client") or [None])[0]
        _log.warning("authentication_failed", client=address, code=error.code)
    await answer_error(error)(scope, receive, send)


def _make_origin(scope: Scope, principal: Principal | None) -> Origin:
    connection = HTTPConnection(scope)
    agent = connection.headers.get("user-agent", "")[:MAX_USER_AGENT]
    bound = structlog.contextvars.get_contextvars()
    return Origin(
        actor="" if principal is None else principal.name,
        credential="" if principal is None else principal.credential,
        address=connection.client.host if connection.client else "",
        user_agent="".join(c if c.isprintable() else "?" for c in agent),
        request_id=str(bound.get("request_id", "")),
    )
