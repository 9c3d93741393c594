# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes has signing in? The only one under the prefix that needs no token is here."""

from fastapi import APIRouter, Request, Response, status

from api.auth.errors import LoginFailedError, TooManyAttemptsError
from api.auth.permissions import USE_ACCOUNT
from api.auth.requirements import RequestPrincipal, allow
from api.core.errors import InvalidInputError
from api.core.problem import describe_errors
from api.dependencies import RequestComposition
from api.sessions.cookies import (
    drop_session_cookie,
    find_session_token,
    make_csrf_token,
    set_session_cookie,
)
from api.sessions.errors import NoSessionError
from api.sessions.schemas import Session, SignIn

SIGN_IN_PATH = "/session"

public_router = APIRouter(tags=["access"])
"""What must be open to who has nothing to show yet."""

router = APIRouter(tags=["access"])


@public_router.post(
    SIGN_IN_PATH,
    summary="Sign in",
    operation_id="sign_in",
    status_code=status.HTTP_201_CREATED,
    responses=describe_errors(LoginFailedError, TooManyAttemptsError, InvalidInputError),
)
async def sign_in(
    body: SignIn, request: Request, response: Response, composition: RequestComposition
) -> Session:
    """Begin a session, which the answer's cookie holds. The cookie is for browsers only."""
    signed_in = await composition.access.door.sign_in(body)
    set_session_cookie(response, request, signed_in.token, composition.settings.session_max_s)
    response.headers["Cache-Control"] = "no-store"
    return Session(
        name=signed_in.name,
        csrf_token=make_csrf_token(signed_in.token),
        expires_at=signed_in.expires_at,
    )


@router.get(
    SIGN_IN_PATH,
    summary="Show one's session",
    operation_id="get_session",
    dependencies=[allow(USE_ACCOUNT)],
    responses=describe_errors(NoSessionError),
)
async def get_session(request: Request, response: Response, principal: RequestPrincipal) -> Session:
    """Return the session whose cookie was sent, with its CSRF token."""
    token = find_session_token(request)
    if principal.session_id is None or principal.expires_at is None or token is None:
        raise NoSessionError
    response.headers["Cache-Control"] = "no-store"
    return Session(
        name=principal.name,
        csrf_token=make_csrf_token(token),
        expires_at=principal.expires_at,
    )


@router.delete(
    SIGN_IN_PATH,
    summary="Sign out",
    operation_id="sign_out",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[allow(USE_ACCOUNT)],
)
async def sign_out(
    request: Request,
    response: Response,
    principal: RequestPrincipal,
    composition: RequestComposition,
) -> None:
    """End the session whose cookie was sent."""
    await composition.access.door.sign_out(principal)
    drop_session_cookie(response, request)
