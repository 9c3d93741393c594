# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes has the feed? What happens to runs and hosts, in answers or as a stream."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, status
from fastapi.responses import StreamingResponse

from api.auth.permissions import READ_RUNS
from api.auth.requirements import RequestPrincipal, RequestScope, allow
from api.core.problem import describe_errors
from api.core.storable import MAX_INT8
from api.dependencies import RequestComposition, while_asked
from api.notifications.errors import FeedBusyError, FeedRemovedError
from api.notifications.feed.reader import FeedOut, FeedQuery

router = APIRouter(prefix="/events", tags=["events"], dependencies=[allow(READ_RUNS)])

After = Annotated[
    int | None, Query(ge=0, le=MAX_INT8, description="Only events behind this cursor")
]
LastEventId = Annotated[
    int | None,
    Header(ge=0, le=MAX_INT8, description="What browsers send when they connect again"),
]


async def take_place(
    principal: RequestPrincipal, composition: RequestComposition
) -> AsyncIterator[None]:
    """Have a place for a stream until it has been sent."""
    with composition.feed.take_place(principal.name):
        yield


@router.get(
    "",
    summary="Read events of runs and hosts",
    operation_id="read_feed",
    dependencies=[while_asked()],
    responses=describe_errors(FeedRemovedError),
)
async def read_feed(
    query: Annotated[FeedQuery, Query()], composition: RequestComposition, scope: RequestScope
) -> FeedOut:
    """Read what happened to runs and hosts behind a cursor; send `last` to read on.

    With `wait_s` the answer comes as soon as there is an event.
    """
    return await composition.feed.read(query, scope)


@router.get(
    "/stream",
    summary="Follow events of runs and hosts",
    operation_id="stream_feed",
    dependencies=[Depends(take_place)],
    response_class=StreamingResponse,
    responses={
        status.HTTP_200_OK: {
            "content": {"text/event-stream": {}},
            "description": "Events named as those of notifications; their ids are cursors",
        },
        **describe_errors(FeedRemovedError, FeedBusyError),
    },
)
async def stream_feed(
    composition: RequestComposition,
    scope: RequestScope,
    after: After = None,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Follow what happens to runs and hosts as server-sent events.

    Whoever reconnects sends the id of the last one as `Last-Event-ID`, or as `after`.
    """
    begin = after if last_event_id is None else last_event_id
    first = await composition.feed.read(FeedQuery(after=begin, limit=1), scope)
    return StreamingResponse(
        composition.feed.follow(first.last if begin is None else begin, scope),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
