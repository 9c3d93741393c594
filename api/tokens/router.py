# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes have API tokens?"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status

from api.auth.permissions import USE_ACCOUNT
from api.auth.requirements import RequestPrincipal, allow
from api.core.paging import Page, build_page
from api.core.problem import describe_errors
from api.core.storable import MAX_INT4
from api.dependencies import RequestServices
from api.tokens.errors import TokenNotFoundError
from api.tokens.schemas import NewToken, Token, TokenCreate, TokenQuery

router = APIRouter(prefix="/tokens", tags=["access"], dependencies=[allow(USE_ACCOUNT)])


@router.get("", summary="List API tokens", operation_id="list_tokens")
async def list_tokens(
    request: Request,
    query: Annotated[TokenQuery, Query()],
    principal: RequestPrincipal,
    services: RequestServices,
) -> Page[Token]:
    """List one's own tokens, newest first; who manages users sees everybody's."""
    return build_page(request.url, query, await services.tokens.list_tokens(query, principal))


@router.post(
    "",
    summary="Make an API token",
    operation_id="create_token",
    status_code=status.HTTP_201_CREATED,
)
async def create_token(
    body: TokenCreate, response: Response, principal: RequestPrincipal, services: RequestServices
) -> NewToken:
    """Make a token. It is shown in this answer and never again: only its digest is kept."""
    response.headers["Cache-Control"] = "no-store"
    return await services.tokens.create_token(body, principal)


@router.delete(
    "/{token_id}",
    summary="Revoke an API token",
    operation_id="revoke_token",
    responses=describe_errors(TokenNotFoundError),
)
async def revoke_token(
    token_id: Annotated[int, Path(ge=1, le=MAX_INT4, description="Number of the token")],
    principal: RequestPrincipal,
    services: RequestServices,
) -> Token:
    """Refuse a token from now on. It stays listed, with when and from where it was last used."""
    return await services.tokens.revoke_token(token_id, principal)
