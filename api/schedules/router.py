# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes have schedules?"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status

from api.auth.permissions import READ_TRIGGERS, WRITE_TRIGGERS
from api.auth.requirements import RequestPrincipal, allow
from api.core.paging import Page, build_page
from api.core.problem import describe_errors
from api.core.storable import MAX_INT4
from api.dependencies import RequestComposition, RequestServices
from api.schedules.errors import ScheduleExistsError, ScheduleNotFoundError
from api.schedules.schemas import (
    Schedule,
    ScheduleCreate,
    ScheduleQuery,
    ScheduleUpdate,
    Times,
    TimesQuery,
)
from api.triggers.owners import make_owner

router = APIRouter(prefix="/schedules", tags=["triggers"])

ScheduleId = Annotated[int, Path(ge=1, le=MAX_INT4, description="Number of the schedule")]


async def _settle_new(
    body: ScheduleCreate, principal: RequestPrincipal, composition: RequestComposition
) -> ScheduleCreate:
    """Name the run as limits of access do, before the route's unit of work is open."""
    return await composition.triggers.settle_run(body, principal)


async def _settle_changed(
    body: ScheduleUpdate, principal: RequestPrincipal, composition: RequestComposition
) -> ScheduleUpdate:
    """Do likewise with what is changed."""
    return await composition.triggers.settle_run(body, principal)


NewSchedule = Annotated[ScheduleCreate, Depends(_settle_new)]
ChangedSchedule = Annotated[ScheduleUpdate, Depends(_settle_changed)]

_READ = [allow(READ_TRIGGERS)]
_WRITE = [allow(WRITE_TRIGGERS)]


@router.get("", summary="List schedules", operation_id="list_schedules", dependencies=_READ)
async def list_schedules(
    request: Request,
    query: Annotated[ScheduleQuery, Query()],
    principal: RequestPrincipal,
    services: RequestServices,
) -> Page[Schedule]:
    """List schedules; who does not reach everything sees their own."""
    rows = await services.schedules.list_schedules(query, principal)
    return build_page(request.url, query, rows)


@router.post(
    "",
    summary="Add a schedule",
    operation_id="create_schedule",
    dependencies=_WRITE,
    status_code=status.HTTP_201_CREATED,
    responses=describe_errors(ScheduleExistsError),
)
async def create_schedule(
    body: NewSchedule, response: Response, principal: RequestPrincipal, services: RequestServices
) -> Schedule:
    """Add a schedule. It runs with the rights that whoever adds it has at each of its times."""
    owner = await make_owner(services, principal)
    created = await services.schedules.create_schedule(body, principal, owner)
    response.headers["Location"] = f"/api/v1/schedules/{created.id}"
    return created


@router.get(
    "/{schedule_id}",
    summary="Show a schedule",
    operation_id="get_schedule",
    dependencies=_READ,
    responses=describe_errors(ScheduleNotFoundError),
)
async def get_schedule(
    schedule_id: ScheduleId, principal: RequestPrincipal, services: RequestServices
) -> Schedule:
    """Return a schedule, with what became of its last time."""
    return await services.schedules.get_schedule(schedule_id, principal)


@router.get(
    "/{schedule_id}/next",
    summary="Show the next times of a schedule",
    operation_id="list_schedule_times",
    dependencies=_READ,
    responses=describe_errors(ScheduleNotFoundError),
)
async def list_times(
    schedule_id: ScheduleId,
    query: Annotated[TimesQuery, Query()],
    principal: RequestPrincipal,
    services: RequestServices,
) -> Times:
    """List when it is due next."""
    return await services.schedules.list_times(schedule_id, query.count, principal)


@router.patch(
    "/{schedule_id}",
    summary="Change a schedule",
    operation_id="update_schedule",
    dependencies=_WRITE,
    responses=describe_errors(ScheduleNotFoundError, ScheduleExistsError),
)
async def update_schedule(
    schedule_id: ScheduleId,
    body: ChangedSchedule,
    principal: RequestPrincipal,
    services: RequestServices,
) -> Schedule:
    """Change what the body names; only its owner and admins may."""
    owner = await make_owner(services, principal)
    return await services.schedules.update_schedule(schedule_id, body, principal, owner)


@router.post(
    "/{schedule_id}/pause",
    summary="Pause a schedule",
    operation_id="pause_schedule",
    dependencies=_WRITE,
    responses=describe_errors(ScheduleNotFoundError),
)
async def pause_schedule(
    schedule_id: ScheduleId, principal: RequestPrincipal, services: RequestServices
) -> Schedule:
    """Let it start nothing until it is resumed; a run that is under way goes on."""
    return await services.schedules.pause_schedule(schedule_id, principal)


@router.post(
    "/{schedule_id}/resume",
    summary="Resume a schedule",
    operation_id="resume_schedule",
    dependencies=_WRITE,
    responses=describe_errors(ScheduleNotFoundError),
)
async def resume_schedule(
    schedule_id: ScheduleId, principal: RequestPrincipal, services: RequestServices
) -> Schedule:
    """Let it go on with its next time; what was due meanwhile is not caught up with."""
    return await services.schedules.resume_schedule(schedule_id, principal)


@router.delete(
    "/{schedule_id}",
    summary="Remove a schedule",
    operation_id="delete_schedule",
    dependencies=_WRITE,
    status_code=status.HTTP_204_NO_CONTENT,
    responses=describe_errors(ScheduleNotFoundError),
)
async def delete_schedule(
    schedule_id: ScheduleId, principal: RequestPrincipal, services: RequestServices
) -> None:
    """Remove a schedule; its runs stay."""
    await services.schedules.delete_schedule(schedule_id, principal)
