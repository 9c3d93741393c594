# SPDX-License-Identifier: GPL-3.0-or-later
"""Which HTTP routes do groups have? Each parses, calls one method of a service, and returns."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status

from api.auth.permissions import READ_GROUPS, WRITE_GROUPS
from api.auth.requirements import allow
from api.core.errors import ConflictError
from api.core.paging import Page, build_page
from api.core.problem import describe_errors
from api.dependencies import RequestServices
from api.groups.errors import GroupExistsError, GroupInUseError, GroupNotFoundError
from api.groups.schemas import Group, GroupCreate, GroupQuery, GroupUpdate

router = APIRouter(prefix="/groups", tags=["groups"])

KnownGroup = Annotated[str, Path(description="Name of the group", examples=["web"])]


@router.get(
    "", summary="List groups", operation_id="list_groups", dependencies=[allow(READ_GROUPS)]
)
async def list_groups(
    request: Request, query: Annotated[GroupQuery, Query()], services: RequestServices
) -> Page[Group]:
    """List groups, filtered, sorted and in pages."""
    return build_page(request.url, query, await services.groups.list_groups(query))


@router.post(
    "",
    summary="Add a group",
    operation_id="create_group",
    dependencies=[allow(WRITE_GROUPS)],
    status_code=status.HTTP_201_CREATED,
    responses=describe_errors(GroupExistsError),
)
async def create_group(body: GroupCreate, services: RequestServices, response: Response) -> Group:
    """Add a group, with the groups in it."""
    group = await services.groups.create_group(body)
    response.headers["Location"] = f"/api/v1/groups/{group.name}"
    return group


@router.get(
    "/{name}",
    summary="Show a group",
    operation_id="get_group",
    dependencies=[allow(READ_GROUPS)],
    responses=describe_errors(GroupNotFoundError),
)
async def get_group(name: KnownGroup, services: RequestServices) -> Group:
    """Return a group with its place among the groups and its variables."""
    return await services.groups.get_group(name)


@router.patch(
    "/{name}",
    summary="Change a group",
    operation_id="update_group",
    dependencies=[allow(WRITE_GROUPS)],
    responses=describe_errors(GroupNotFoundError, ConflictError),
)
async def update_group(name: KnownGroup, body: GroupUpdate, services: RequestServices) -> Group:
    """Change what the body names; the rest stays."""
    return await services.groups.update_group(name, body)


@router.delete(
    "/{name}",
    summary="Delete a group",
    operation_id="delete_group",
    dependencies=[allow(WRITE_GROUPS)],
    status_code=status.HTTP_204_NO_CONTENT,
    responses=describe_errors(GroupNotFoundError, GroupInUseError),
)
async def delete_group(
    name: KnownGroup,
    services: RequestServices,
    *,
    detach: Annotated[
        bool, Query(description="Also where hosts or groups are in it; they stay")
    ] = False,
) -> None:
    """Delete a group. Hosts and groups that were in it are never deleted with it."""
    await services.groups.delete_group(name, detach=detach)
