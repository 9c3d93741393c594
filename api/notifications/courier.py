# SPDX-License-Identifier: GPL-3.0-or-later
"""Who tells and sends in the background? Each step tells what happened, then lets send what is due.

Sending takes seconds where a receiver is slow, so each notification has a task of its own, which
sends one thing after the other until nothing is due.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import structlog

from api.core.errors import MyxError
from api.notifications.deliveries import DeliveryService, Parcel, Result
from api.notifications.fanout import MAX_EVENTS, NotificationFanout
from api.triggers.owners import OwnerWork

EVERY_S = 1.0
"""How often it is looked for what is to be told or sent."""

MAX_AT_ONCE = 16
"""Notifications that are sent of at once by one process."""

_log = structlog.stdlib.get_logger(__name__)


class Telling(Protocol):
    """What of notifications telling and sending need."""

    @property
    def fanout(self) -> NotificationFanout:
        """What is to be told."""
        ...

    @property
    def deliveries(self) -> DeliveryService:
        """What is to be sent."""
        ...


class CourierWork(OwnerWork, Protocol):
    """A unit of work as far as telling and sending need it."""

    @property
    def telling(self) -> Telling:
        """Who is told what happens."""
        ...


class OpenCourierWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool = False) -> AbstractAsyncContextManager[CourierWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class Sends(Protocol):
    """Sends one thing once."""

    async def send(self, parcel: Parcel) -> Result:
        """Try once, and say what came of it."""
        ...


class Courier:
    """Tells and sends; one for the whole process."""

    def __init__(
        self,
        open_work: OpenCourierWork,
        sender: Sends,
        note_set_aside: Callable[[int], None] = lambda _count: None,
        tell_readers: Callable[[], None] = lambda: None,
    ) -> None:
        """Take who sends, who counts what could not be told and never will, and tells readers."""
        self._open_work = open_work
        self._sender = sender
        self._note_set_aside = note_set_aside
        self._tell_readers = tell_readers
        self._sending: dict[int, asyncio.Task[None]] = {}

    async def step(self) -> None:
        """Tell all that happened by now, and begin to send what is due."""
        async with self._open_work(read_only=True) as work:
            has_events = await work.telling.fanout.has_events()
            due = await work.telling.deliveries.list_due(MAX_AT_ONCE)
        if has_events:
            while await self._tell() == MAX_EVENTS:
                pass
            self._tell_readers()
            async with self._open_work(read_only=True) as work:
                due = await work.telling.deliveries.list_due(MAX_AT_ONCE)
        for notification_id in due:
            self._begin(notification_id)

    async def finish(self) -> None:
        """Return when nothing is under way."""
        await asyncio.gather(*self._sending.values(), return_exceptions=True)

    async def close(self) -> None:
        """Stop, in the middle of an attempt too: it is made again."""
        for task in self._sending.values():
            task.cancel()
        await self.finish()

    async def _tell(self) -> int:
        """Tell of the earliest events; return how many these were."""
        try:
            async with self._open_work() as work:
                return await work.telling.fanout.step(work)
        except MyxError:
            raise
        except Exception:  # noqa: BLE001 - one of them, which must not keep the others
            _log.warning("notifications_told_apart", exc_info=True)
        async with self._open_work() as work:
            told = await work.telling.fanout.step_apart(work)
        self._note_set_aside(told.set_aside)
        return told.events

    def _begin(self, notification_id: int) -> None:
        if notification_id in self._sending or len(self._sending) >= MAX_AT_ONCE:
            return
        task = asyncio.create_task(self._send_all(notification_id))
        self._sending[notification_id] = task
        task.add_done_callback(lambda _: self._sending.pop(notification_id, None))

    async def _send_all(self, notification_id: int) -> None:
        try:
            while await self._send_next(notification_id):
                pass
        except MyxError as error:
            _log.warning("notification_not_sent", id=notification_id, cause=error.message)
        except Exception:  # noqa: BLE001 - the claim ends, and the next step is the second try
            _log.exception("notification_not_sent", id=notification_id)

    async def _send_next(self, notification_id: int) -> bool:
        async with self._open_work() as work:
            parcel = await work.telling.deliveries.claim(notification_id)
        if parcel is None:
            return False
        result = await self._sender.send(parcel)
        if result.outcome != "delivered":
            _log.warning(
                "notification_attempt_failed",
                id=notification_id,
                delivery=parcel.delivery_key,
                attempt=parcel.attempt,
                cause=result.reason,
            )
        async with self._open_work() as work:
            await work.telling.deliveries.settle(parcel, result)
        return True
