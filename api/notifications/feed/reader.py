# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened behind a cursor, and what happens next? For who reads on where they stood.

The events are those of the outbox: what notifications are told of stays for a while, under numbers
that grow in the order in which it was told. A number is never given twice, and none comes later
than a larger one, so that whoever sends the last one back misses nothing.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import datetime
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from agent_runner.protocol.methods import MAX_WAIT_S
from api.auth.scopes import Scope
from api.core.clock import Clock
from api.core.storable import MAX_INT8
from api.executions.changes import FEED, Changes
from api.models.triggers.notification import NotificationEvent
from api.notifications.errors import FeedBusyError, FeedRemovedError
from api.notifications.queue import NotificationQueue
from api.notifications.schemas import Event

MAX_FEED = 500
"""The most events in one answer."""

KEEP_ALIVE_S = 15.0
"""After so long without an event a comment is sent, so that proxies keep the connection."""

MAX_STREAMS = 100
"""The most streams that one user or token holds open at a replica: each event costs every one of
them a look at the database."""


class FeedQuery(BaseModel):
    """Which events are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Annotated[
        int | None,
        Field(
            ge=0,
            le=MAX_INT8,
            description="Only events behind this cursor; 0 for all that are still there. Where it "
            "is left out, those from now on",
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=MAX_FEED, description="Most events in the answer")] = 100
    wait_s: Annotated[
        float, Field(ge=0, le=MAX_WAIT_S, description="Seconds to wait for a new event")
    ] = 0


class FeedHost(BaseModel):
    """What an event tells of a host."""

    name: str
    reason: str


class FeedEvent(BaseModel):
    """Something that happened to a run or to a host."""

    cursor: Annotated[int, Field(description="Its place; grows, not always by one")]
    event: Event
    at: datetime
    run: Annotated[
        dict[str, Any] | None,
        Field(description="The run as it was then, in the form of notifications"),
    ] = None
    host: FeedHost | None = None


class FeedOut(BaseModel):
    """Events in their order."""

    events: list[FeedEvent]
    last: Annotated[int, Field(description="Send it as 'after' to read on")]


class FeedTelling(Protocol):
    """What of notifications reading needs."""

    @property
    def queue(self) -> NotificationQueue:
        """What happened."""
        ...


class FeedWork(Protocol):
    """A unit of work as far as reading needs it."""

    @property
    def telling(self) -> FeedTelling:
        """Who is told what happens."""
        ...


class OpenFeedWork(Protocol):
    """Opens a unit of work that only reads."""

    def __call__(self) -> AbstractAsyncContextManager[FeedWork]:
        """Open it."""
        ...


class Feed:
    """Reads what happened; one for the whole process."""

    def __init__(self, open_work: OpenFeedWork, changes: Changes, clock: Clock) -> None:
        self._open_work = open_work
        self._changes = changes
        self._clock = clock
        self._streams: Counter[str] = Counter()
        """How many are open, by the name of whose they are."""

    @contextmanager
    def take_place(self, name: str) -> Iterator[None]:
        """Have a place for a stream of theirs while the block lasts.

        Raises:
            FeedBusyError: they have as many as there can be.
        """
        if self._streams[name] >= MAX_STREAMS:
            raise FeedBusyError.of(name, MAX_STREAMS)
        self._streams[name] += 1
        try:
            yield
        finally:
            self._streams[name] -= 1
            self._streams += Counter()  # forgets who has none

    async def read(self, query: FeedQuery, scope: Scope) -> FeedOut:
        """Read events, waiting up to ``wait_s`` for the first one.

        Raises:
            FeedRemovedError: some that should follow are not there any more.
        """
        deadline = self._clock.monotonic() + query.wait_s
        with self._changes.subscribe(FEED) as subscription:
            after = query.after
            while True:
                subscription.take()
                answer = await self._read(after, query.limit, scope)
                left_s = deadline - self._clock.monotonic()
                if answer.events or left_s <= 0 or not await subscription.wait(left_s):
                    return answer
                after = answer.last

    async def follow(self, after: int | None, scope: Scope) -> AsyncIterator[bytes]:
        """Yield events as they happen, until this process is about to stop."""
        with self._changes.subscribe(FEED) as subscription:
            while not self._changes.closed:
                subscription.take()
                answer = await self._read(after, MAX_FEED, scope)
                after = answer.last
                for event in answer.events:
                    yield _encode(event)
                if len(answer.events) < MAX_FEED and not await subscription.wait(KEEP_ALIVE_S):
                    yield b": keep-alive\n\n"

    async def _read(self, after: int | None, limit: int, scope: Scope) -> FeedOut:
        async with self._open_work() as work:
            queue = work.telling.queue
            newest = await queue.get_last_number()
            if after is None:
                return FeedOut(events=[], last=newest)
            # A cursor from before a backup was restored would wait for numbers that were given.
            after = min(after, newest)
            rows = await queue.list_feed(after, limit, scope)
            names = await self._name_hosts(queue, rows)
            # Looked at last: what is removed meanwhile is missing in the list, too.
            oldest = await queue.find_first_number()
        if after and oldest is not None and after < oldest - 1:
            raise FeedRemovedError.of(after, oldest)
        events = [_build(row, names) for row in rows if row.host_id is None or row.host_id in names]
        # Those of others are passed over, so that nobody reads them again and again.
        last = max([after, *(row.number or 0 for row in rows)])
        return FeedOut(events=events, last=last if len(rows) == limit else max(last, newest))

    async def _name_hosts(
        self, queue: NotificationQueue, rows: Sequence[NotificationEvent]
    ) -> dict[int, str]:
        host_ids = {row.host_id for row in rows if row.host_id is not None}
        return {host.id: host.name for host in (await queue.list_hosts(host_ids)).values()}


def _build(row: NotificationEvent, names: dict[int, str]) -> FeedEvent:
    about: dict[str, Any] = {"run": row.facts}
    if row.host_id is not None:
        about = {"host": FeedHost(name=names[row.host_id], reason=row.facts["reason"])}
    return FeedEvent.model_validate(
        {"cursor": row.number, "event": row.event, "at": row.at, **about}
    )


def _encode(event: FeedEvent) -> bytes:
    data = event.model_dump_json()
    return f"id: {event.cursor}\nevent: {event.event}\ndata: {data}\n\n".encode()
