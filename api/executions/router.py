# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes have executions? They are read here; runs start and cancel them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from api.auth.permissions import READ_RUNS
from api.auth.requirements import RequestScope, allow
from api.core.problem import describe_errors
from api.dependencies import RequestComposition, while_asked
from api.executions.errors import EventsRemovedError, ExecutionNotFoundError, LogRemovedError
from api.executions.schemas import (
    EventsOut,
    EventsQuery,
    Execution,
    LogMatch,
    LogPieceOut,
    LogPiecesOut,
    LogPlace,
    LogPlaceQuery,
    LogQuery,
    LogSearchQuery,
)

router = APIRouter(
    prefix="/executions",
    tags=["executions"],
    dependencies=[allow(READ_RUNS)],
    responses=describe_errors(ExecutionNotFoundError),
)

ExecutionId = Annotated[str, Path(description="Id of the execution", max_length=64)]


@router.get("/{execution_id}", summary="Show an execution", operation_id="get_execution")
async def get_execution(
    execution_id: ExecutionId, composition: RequestComposition, scope: RequestScope
) -> Execution:
    """Return a run on one host, with the size that its log has at this moment."""
    return await composition.execution_reader.get_execution(execution_id, scope)


@router.get(
    "/{execution_id}/log",
    summary="Read a log",
    operation_id="read_log",
    dependencies=[while_asked()],
    responses=describe_errors(LogRemovedError),
)
async def read_log(
    execution_id: ExecutionId,
    query: Annotated[LogQuery, Query()],
    composition: RequestComposition,
    scope: RequestScope,
) -> LogPieceOut:
    """Read one contiguous piece of one type at a byte offset; send `new_offset` to read on.

    With `wait_s` the answer comes as soon as there is a byte behind `offset`.
    """
    return await composition.execution_reader.read_log(execution_id, query, scope)


@router.get(
    "/{execution_id}/log/pieces",
    summary="Read a log of both types",
    operation_id="read_log_pieces",
    dependencies=[while_asked()],
    responses=describe_errors(LogRemovedError),
)
async def read_log_pieces(
    execution_id: ExecutionId,
    query: Annotated[LogQuery, Query()],
    composition: RequestComposition,
    scope: RequestScope,
) -> LogPiecesOut:
    """Read pieces that follow each other, each of one type; send `new_offset` to read on.

    With `wait_s` the answer comes as soon as there is a byte behind `offset`.
    """
    return await composition.execution_reader.read_pieces(execution_id, query, scope)


@router.get(
    "/{execution_id}/log/search",
    summary="Search a log",
    operation_id="search_log",
    dependencies=[while_asked()],
    responses=describe_errors(LogRemovedError),
)
async def search_log(
    execution_id: ExecutionId,
    query: Annotated[LogSearchQuery, Query()],
    composition: RequestComposition,
    scope: RequestScope,
) -> LogMatch:
    """Find the next line with a text, or with a failure; terminal sequences are left out.

    An answer looks through 128 MiB at most: while `is_complete` is false, send `scanned_to` as
    `offset` to look on.
    """
    return await composition.log_navigator.search(execution_id, query, scope)


@router.get(
    "/{execution_id}/log/place",
    summary="Find a line of a log",
    operation_id="find_log_place",
    dependencies=[while_asked()],
    responses=describe_errors(LogRemovedError),
)
async def find_log_place(
    execution_id: ExecutionId,
    query: Annotated[LogPlaceQuery, Query()],
    composition: RequestComposition,
    scope: RequestScope,
) -> LogPlace:
    """Tell which number the line at a byte has, or where the line of a number begins.

    An answer counts 128 MiB at most, and remembers: while `is_complete` is false, ask again.
    """
    return await composition.log_navigator.find_place(execution_id, query, scope)


@router.get(
    "/{execution_id}/log/download",
    summary="Download a log",
    operation_id="download_log",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        **describe_errors(LogRemovedError),
    },
)
async def download_log(
    execution_id: ExecutionId, composition: RequestComposition, scope: RequestScope
) -> StreamingResponse:
    """Send the log's bytes as they are, both types in the order of their arrival."""
    return StreamingResponse(
        await composition.execution_reader.open_log(execution_id, scope),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{execution_id}.log"'},
    )


@router.get(
    "/{execution_id}/events",
    summary="Read events",
    operation_id="read_events",
    dependencies=[while_asked()],
    responses=describe_errors(EventsRemovedError),
)
async def read_events(
    execution_id: ExecutionId,
    query: Annotated[EventsQuery, Query()],
    composition: RequestComposition,
    scope: RequestScope,
) -> EventsOut:
    """Read events in ansible-runner's form behind a counter; send `last` to read on."""
    return await composition.execution_reader.read_events(execution_id, query, scope)
