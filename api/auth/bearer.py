# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a request say who asks? With ``Authorization: Bearer TOKEN``, checked first."""

from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth.principals import Principal
from api.auth.tokens import Authenticator
from api.core.errors import AuthenticationError
from api.core.problem import answer_error

_log = structlog.stdlib.get_logger(__name__)

_SCHEME = "bearer"

_described = HTTPBearer(
    auto_error=False,
    description="The token that the first start wrote to 'admin-token' in the data directory.",
)


class AuthenticationMiddleware:
    """Lets only those who are recognised reach what is under a prefix.

    It stands before routing, because a framework reads and parses the body before it asks its
    dependencies: nobody gets that far without a token.
    """

    def __init__(self, app: ASGIApp, prefix: str, authenticator: Authenticator) -> None:
        self._app = app
        self._prefix = prefix
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the ASGI protocol."""
        if scope["type"] == "http" and scope["path"].startswith(self._prefix):
            try:
                principal = self._authenticator.authenticate(_find_token(Headers(scope=scope)))
            except AuthenticationError as error:
                _log.warning("authentication_failed", client=(scope.get("client") or [None])[0])
                await answer_error(error)(scope, receive, send)
                return
            scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)


async def get_principal(
    request: Request, _description: Annotated[object, Depends(_described)]
) -> Principal:
    """Return who asks; the dependency of the router that holds every protected route.

    Raises:
        AuthenticationError: nobody was recognised.
    """
    principal = getattr(request.state, "principal", None)
    if not isinstance(principal, Principal):
        raise AuthenticationError
    return principal


RequestPrincipal = Annotated[Principal, Depends(get_principal)]


def _find_token(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == _SCHEME and token.strip() else None
