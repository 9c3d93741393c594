# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes have users, and one's own account?"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status

from api.auth.errors import TooManyAttemptsError
from api.auth.grants import describe_grants
from api.auth.permissions import MANAGE_USERS, USE_ACCOUNT
from api.auth.requirements import RequestPrincipal, allow
from api.core.paging import Page, build_page
from api.core.problem import describe_errors
from api.dependencies import RequestComposition, RequestServices
from api.users.errors import UserExistsError, UserNotFoundError, WrongPasswordError
from api.users.schemas import Account, PasswordChange, User, UserCreate, UserQuery, UserUpdate

router = APIRouter(tags=["access"])

KnownUser = Annotated[str, Path(description="Name of the user", examples=["alice"])]


@router.get(
    "/users", summary="List users", operation_id="list_users", dependencies=[allow(MANAGE_USERS)]
)
async def list_users(
    request: Request, query: Annotated[UserQuery, Query()], services: RequestServices
) -> Page[User]:
    """List users, sorted and in pages."""
    return build_page(request.url, query, await services.users.list_users(query))


@router.post(
    "/users",
    summary="Add a user",
    operation_id="create_user",
    status_code=status.HTTP_201_CREATED,
    dependencies=[allow(MANAGE_USERS)],
    responses=describe_errors(UserExistsError),
)
async def create_user(
    body: UserCreate, composition: RequestComposition, response: Response
) -> User:
    """Add somebody who signs in, with what they may."""
    user = await composition.access.accounts.create_user(body)
    response.headers["Location"] = f"/api/v1/users/{user.name}"
    return user


@router.get(
    "/users/{name}",
    summary="Show a user",
    operation_id="get_user",
    dependencies=[allow(MANAGE_USERS)],
    responses=describe_errors(UserNotFoundError),
)
async def get_user(name: KnownUser, services: RequestServices) -> User:
    """Return a user with what they may."""
    return await services.users.get_user(name)


@router.patch(
    "/users/{name}",
    summary="Change a user",
    operation_id="update_user",
    dependencies=[allow(MANAGE_USERS)],
    responses=describe_errors(UserNotFoundError),
)
async def update_user(name: KnownUser, body: UserUpdate, composition: RequestComposition) -> User:
    """Change what the body names. A new password, or disabling, ends all their sessions."""
    return await composition.access.accounts.update_user(name, body)


@router.delete(
    "/users/{name}",
    summary="Delete a user",
    operation_id="delete_user",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[allow(MANAGE_USERS)],
    responses=describe_errors(UserNotFoundError),
)
async def delete_user(name: KnownUser, services: RequestServices) -> None:
    """Delete a user with their tokens and sessions. What they did stays told."""
    await services.users.delete_user(name)


@router.get(
    "/account",
    summary="Show who asks",
    operation_id="get_account",
    dependencies=[allow(USE_ACCOUNT)],
)
async def get_account(principal: RequestPrincipal) -> Account:
    """Return who asks, and what they may with what they showed."""
    return Account(
        name=principal.name,
        credential=principal.credential,
        grants=describe_grants(principal.grants),
        expires_at=principal.expires_at,
    )


@router.put(
    "/account/password",
    summary="Change one's password",
    operation_id="change_password",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[allow(USE_ACCOUNT)],
    responses=describe_errors(WrongPasswordError, TooManyAttemptsError),
)
async def change_password(
    body: PasswordChange, principal: RequestPrincipal, composition: RequestComposition
) -> None:
    """Change one's own password. It ends all of one's sessions, this one too."""
    await composition.access.accounts.change_password(principal.name, body)
