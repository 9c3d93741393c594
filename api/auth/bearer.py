# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a request say who asks? With ``Authorization: Bearer TOKEN``, checked first."""

from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.auth.principals import Principal
from api.core.errors import AuthenticationError
from api.dependencies import RequestComposition

_log = structlog.stdlib.get_logger(__name__)

_bearer = HTTPBearer(
    auto_error=False,
    description="The token that the first start wrote to 'admin-token' in the data directory.",
)


async def authenticate(
    request: Request,
    composition: RequestComposition,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """Recognise who asks; the dependency of the router that holds every protected route."""
    try:
        return composition.authenticator.authenticate(
            credentials.credentials if credentials else None
        )
    except AuthenticationError:
        client = request.client.host if request.client else None
        _log.warning("authentication_failed", client=client, path=request.url.path)
        raise


RequestPrincipal = Annotated[Principal, Depends(authenticate)]
