# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about what is to be told, and what is to be sent?"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from api.auth.scopes import Scope
from api.db.lists import cut
from api.db.visibility import hosts_within, runs_within
from api.models import Execution, Host, Run
from api.models.triggers.notification import (
    Notification,
    NotificationDelivery,
    NotificationEvent,
)

_UNTOLD = text("number IS NULL")
"""In the words of the index, or it is not used."""


class KnownHost(NamedTuple):
    """A host that an event is about."""

    id: int
    name: str
    labels: Mapping[str, str]
    is_in_maintenance: bool


class NotificationQueue:
    """What waits to be told and to be sent, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Do the block, or where it raises nothing of it: the rest of the unit of work stands."""
        async with self._session.begin_nested():
            yield

    async def add_events(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep what happened until it is told."""
        if rows:
            await self._session.execute(insert(NotificationEvent), list(rows))

    async def has_events(self) -> bool:
        """Say whether something is to be told."""
        untold = select(NotificationEvent.id).where(_UNTOLD).limit(1)
        return await self._session.scalar(untold) is not None

    async def list_events(self, limit: int) -> Sequence[NotificationEvent]:
        """List what is to be told, the earliest first."""
        earliest = select(NotificationEvent).where(_UNTOLD).order_by(NotificationEvent.id)
        return (await self._session.scalars(earliest.limit(limit))).all()

    async def number_events(self, events: Sequence[NotificationEvent]) -> None:
        """Give events that were told their places in the feed, behind all others.

        The unit of work writes alone, so that no other one gives the same numbers.
        """
        last = await self.get_last_number()
        for number, event in enumerate(events, start=last + 1):
            event.number = number
        await self._session.flush()

    async def get_last_number(self) -> int:
        """Return the place of the newest event in the feed; 0 where there never was one."""
        return await self._session.scalar(select(func.max(NotificationEvent.number))) or 0

    async def find_first_number(self) -> int | None:
        """Return the place of the oldest event that is still there."""
        return await self._session.scalar(select(func.min(NotificationEvent.number)))

    async def list_feed(self, after: int, limit: int, scope: Scope) -> Sequence[NotificationEvent]:
        """List the events behind a place that are about what lies within the scope."""
        event = NotificationEvent
        statement = select(event).where(event.number > after).order_by(event.number).limit(limit)
        if not scope.is_unlimited:
            runs = select(Run.id).where(runs_within(scope))
            hosts = select(Host.id).where(hosts_within(scope))
            statement = statement.where(or_(event.run_id.in_(runs), event.host_id.in_(hosts)))
        return (await self._session.scalars(statement)).all()

    async def list_runs(self, run_ids: Collection[int], *scopes: Scope) -> set[int]:
        """List those of the runs that lie within all scopes."""
        found: set[int] = set()
        for ids in cut(run_ids):
            within = (runs_within(scope) for scope in scopes)
            found.update(
                await self._session.scalars(select(Run.id).where(Run.id.in_(ids), *within))
            )
        return found

    async def list_labels(self, run_id: int) -> Sequence[Mapping[str, str]]:
        """List the labels of the hosts of a run."""
        of_run = (
            select(Host.labels)
            .join(Execution, Execution.host_id == Host.id)
            .where(Execution.run_id == run_id)
        )
        return (await self._session.scalars(of_run)).all()

    async def list_hosts(self, host_ids: Collection[int], *scopes: Scope) -> dict[int, KnownHost]:
        """List those of the hosts, by id, that lie within all scopes."""
        found: dict[int, KnownHost] = {}
        for ids in cut(host_ids):
            within = (hosts_within(scope) for scope in scopes)
            rows = await self._session.execute(
                select(Host.id, Host.name, Host.labels, Host.maintenance_since.is_not(None)).where(
                    Host.id.in_(ids), *within
                )
            )
            found.update({row[0]: KnownHost(*row) for row in rows})
        return found

    async def add_delivery(self, row: NotificationDelivery) -> None:
        """Add a delivery, which then has its id."""
        self._session.add(row)
        await self._session.flush()

    async def list_due(self, now: datetime, limit: int) -> Sequence[int]:
        """List the notifications that have something to send now and that nobody sends of."""
        table = NotificationDelivery
        sent = aliased(table)
        is_sent = select(sent.id).where(
            sent.notification_id == table.notification_id, sent.claimed_until > now
        )
        due = (
            select(table.notification_id)
            .join(Notification, Notification.id == table.notification_id)
            .where(_is_due(now), Notification.is_enabled, ~is_sent.exists(), ~_is_behind())
            .group_by(table.notification_id)
            .order_by(func.min(table.next_at))
            .limit(limit)
        )
        return (await self._session.scalars(due)).all()

    async def find_next(
        self, notification_id: int, now: datetime
    ) -> tuple[NotificationDelivery, Notification] | None:
        """Return what is to be sent next, or None where nothing is, or somebody sends already."""
        table, other = NotificationDelivery, aliased(NotificationDelivery)
        is_sent = select(other.id).where(
            other.notification_id == notification_id, other.claimed_until > now
        )
        first = (
            select(table, Notification)
            .join(Notification, Notification.id == table.notification_id)
            .where(
                table.notification_id == notification_id,
                Notification.is_enabled,
                _is_due(now),
                ~is_sent.exists(),
                ~_is_behind(),
            )
            .order_by(table.id)
            .limit(1)
        )
        found = (await self._session.execute(first)).one_or_none()
        return None if found is None else (found[0], found[1])

    async def settle(self, delivery_id: int, attempt: int, values: Mapping[str, Any]) -> bool:
        """Write down what became of an attempt; return whether it was the last one still."""
        statement = (
            update(NotificationDelivery)
            .where(
                NotificationDelivery.id == delivery_id,
                NotificationDelivery.attempts == attempt,
                NotificationDelivery.status == "waiting",
            )
            .values(claimed_until=None, **values)
            .returning(NotificationDelivery.id)
        )
        return await self._session.scalar(statement) is not None


def _is_behind() -> ColumnElement[bool]:
    """Say that something about the same waits that was to be sent before."""
    table, earlier = NotificationDelivery, aliased(NotificationDelivery)
    return (
        select(earlier.id)
        .where(
            earlier.notification_id == table.notification_id,
            earlier.subject == table.subject,
            earlier.status == "waiting",
            earlier.id < table.id,
        )
        .exists()
    )


def _is_due(now: datetime) -> ColumnElement[bool]:
    table = NotificationDelivery
    return (table.status == "waiting") & (table.next_at <= now)
