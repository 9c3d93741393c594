# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told of what happened? What fits a notification and its owner may see becomes a delivery.

Hosts that went or came at once are told of together: a cut network is one message, not a thousand.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple, cast

import structlog

from api.auth.permissions import READ_HOSTS, READ_RUNS
from api.auth.principals import Principal
from api.auth.scopes import Reach, Scope
from api.core.clock import Clock
from api.core.errors import MyxError
from api.core.ids import new_id
from api.db.lists import cut
from api.hosts.selection.labels import match_labels
from api.models.triggers.notification import Notification as Row
from api.models.triggers.notification import NotificationDelivery, NotificationEvent
from api.notifications.payload import MAX_HOSTS, build_body
from api.notifications.queue import NotificationQueue
from api.notifications.repository import NotificationRepository
from api.notifications.schemas import Event
from api.triggers.errors import OwnerGoneError
from api.triggers.owners import OwnerWork, get_principal, read_owner

MAX_EVENTS = 200
"""Events in one step, which is one transaction."""

GIVE_UP_S = 24 * 3600.0
"""So long a delivery is tried."""

_log = structlog.stdlib.get_logger(__name__)


class Told(NamedTuple):
    """How many events a step was about, and what of it failed for good."""

    events: int
    set_aside: int
    """Events that one notification could not be told of."""


class NotificationFanout:
    """Turns what happened into deliveries, in one unit of work that writes alone."""

    def __init__(
        self, notifications: NotificationRepository, queue: NotificationQueue, clock: Clock
    ) -> None:
        self._notifications = notifications
        self._queue = queue
        self._clock = clock

    async def has_events(self) -> bool:
        """Say whether there is something to be told."""
        return await self._queue.has_events()

    async def step(self, work: OwnerWork) -> int:
        """Write down what is to be sent because of the earliest events; return how many these were.

        ``work`` is the same unit of work: it knows the rights of owners.
        """
        events = await self._queue.list_events(MAX_EVENTS)
        for row in await self._notifications.list_enabled() if events else ():
            wanted = [event for event in events if _is_wanted(row, event)]
            if wanted:
                await self._tell(work, row, wanted)
        await self._queue.number_events(events)
        return len(events)

    async def step_apart(self, work: OwnerWork) -> Told:
        """Do the same, each event and notification apart from the others.

        What fails, other than since the database is away, is logged and never tried again.
        """
        events, set_aside = await self._queue.list_events(MAX_EVENTS), 0
        for row in await self._notifications.list_enabled():
            for event in events:
                if _is_wanted(row, event) and not await self._try_to_tell(work, row, event):
                    set_aside += 1
        await self._queue.number_events(events)
        return Told(len(events), set_aside)

    async def _try_to_tell(self, work: OwnerWork, row: Row, event: NotificationEvent) -> bool:
        """Tell of one event; return whether that did not fail for good."""
        about = {"what": event.event, "run": event.run_id, "host_id": event.host_id}
        try:
            async with self._queue.attempt():
                await self._tell(work, row, [event])
        except MyxError:
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong with it, the others are told
            _log.exception("notification_set_aside", id=row.id, at=event.at.isoformat(), **about)
            return False
        return True

    async def _tell(self, work: OwnerWork, row: Row, wanted: Sequence[NotificationEvent]) -> None:
        try:
            owner = await get_principal(work, read_owner(row))
        except OwnerGoneError as error:
            _log.warning("notification_owner_gone", id=row.id, cause=error.message)
            return
        await self._tell_runs(row, owner, [e for e in wanted if e.run_id is not None])
        await self._tell_hosts(row, owner, [e for e in wanted if e.host_id is not None])

    async def add_delivery(
        self, row: Row, event: Event | Any, subject: str, at: datetime, **about: Any
    ) -> NotificationDelivery:
        """Write down one thing that is to be sent; ``about`` is its ``run`` or its ``hosts``."""
        now, key = self._clock.now(), new_id()
        delivery = NotificationDelivery(
            notification_id=row.id,
            delivery_key=key,
            event=event,
            subject=subject,
            body=build_body(event, at, key, {"id": row.id, "name": row.name}, **about),
            created_at=now,
            status="waiting",
            attempts=0,
            next_at=now,
            give_up_at=now + timedelta(seconds=GIVE_UP_S),
        )
        await self._queue.add_delivery(delivery)
        return delivery

    async def _tell_runs(
        self, row: Row, owner: Principal, events: Sequence[NotificationEvent]
    ) -> None:
        run_ids = {cast("int", event.run_id) for event in events}
        seen = await self._queue.list_runs(run_ids, owner.scope_of(READ_RUNS), _read_filter(row))
        for event in events:
            if event.run_id in seen and await self._fits(row, event):
                subject = f"run/{event.run_id}"
                await self.add_delivery(row, event.event, subject, event.at, run=event.facts)

    async def _fits(self, row: Row, event: NotificationEvent) -> bool:
        if row.triggered_by and event.facts["created_by"] not in row.triggered_by:
            return False
        if not row.labels:
            return True
        found = await self._queue.list_labels(cast("int", event.run_id))
        return any(match_labels(row.labels, labels) for labels in found)

    async def _tell_hosts(
        self, row: Row, owner: Principal, events: Sequence[NotificationEvent]
    ) -> None:
        host_ids = {cast("int", event.host_id) for event in events}
        known = await self._queue.list_hosts(
            host_ids, owner.scope_of(READ_HOSTS), _read_filter(row)
        )
        told = [
            (event, {"name": host.name, "at": event.at.isoformat(), **event.facts})
            for event in events
            if (host := known.get(cast("int", event.host_id))) is not None
            and match_labels(row.labels, host.labels)
            and not (host.is_in_maintenance and event.event == "host_offline")
        ]
        for name, same in groupby(told, key=lambda each: each[0].event):
            await self._tell_together(row, name, same)

    async def _tell_together(
        self, row: Row, name: str, told: Iterable[tuple[NotificationEvent, dict[str, Any]]]
    ) -> None:
        for part in cut(list(told), MAX_HOSTS):
            hosts = [facts for _, facts in part]
            await self.add_delivery(row, name, "hosts", part[-1][0].at, hosts=hosts)


def _is_wanted(row: Row, event: NotificationEvent) -> bool:
    """Say whether a notification wants to know of it: not of what was before it."""
    return event.event in row.events and event.at >= row.created_at


def _read_filter(row: Row) -> Scope:
    """Return what a notification is limited to; its owner's limits hold besides."""
    groups = frozenset(row.groups) if row.groups else None
    templates = frozenset(row.templates) if row.templates else None
    return Scope((Reach(groups, templates),))
