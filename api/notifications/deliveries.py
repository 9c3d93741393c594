# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent next, and what becomes of it? A notification is sent of by one process at a time."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from api.core.clock import Clock
from api.core.errors import SealingError
from api.core.sealing import Sealer
from api.models.triggers.notification import Notification as Row
from api.models.triggers.notification import NotificationDelivery
from api.notifications.queue import NotificationQueue
from api.triggers.secrets import SigningSecrets

CLAIM_S = 30.0
"""For so long one process alone sends; far above what an attempt may take."""

FIRST_WAIT_S = 5.0
"""After the first attempt; each further wait is twice as long."""

MAX_WAIT_S = 3600.0
"""The longest wait between two attempts."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One attempt to send something."""

    delivery_id: int
    attempt: int
    delivery_key: str
    event: str
    give_up_at: datetime
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    secrets: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an attempt."""

    outcome: Literal["delivered", "passing", "final"]
    """``passing`` may be another one next time."""
    reason: str | None = None
    status_code: int | None = None
    retry_after_s: float = 0.0
    """How long the receiver wants to be left alone."""


class DeliveryService:
    """What is to be sent, in one unit of work."""

    def __init__(self, queue: NotificationQueue, sealer: Sealer, clock: Clock) -> None:
        self._queue = queue
        self._sealer = sealer
        self._secrets = SigningSecrets(sealer, clock)
        self._clock = clock

    async def list_due(self, limit: int) -> Sequence[int]:
        """List the notifications that have something to send."""
        return await self._queue.list_due(self._clock.now(), limit)

    async def claim(self, notification_id: int) -> Parcel | None:
        """Take on what is to be sent next; None where nothing is, or somebody else sends.

        The unit of work that this is called in must be one that writes, which is alone.
        """
        now = self._clock.now()
        found = await self._queue.find_next(notification_id, now)
        if found is None:
            return None
        delivery, row = found
        if delivery.attempts and delivery.give_up_at < now:
            delivery.status, delivery.finished_at = "failed", now
            return None
        delivery.attempts += 1
        try:
            parcel = self._pack(delivery, row)
        except SealingError as error:
            delivery.status, delivery.reason, delivery.finished_at = "failed", error.message, now
            return None
        delivery.claimed_until = now + timedelta(seconds=CLAIM_S)
        return parcel

    async def settle(self, parcel: Parcel, result: Result) -> None:
        """Write down what became of an attempt, and when the next one is."""
        now = self._clock.now()
        values: dict[str, Any] = {"status_code": result.status_code, "reason": result.reason}
        if result.outcome == "delivered":
            values |= {"status": "delivered", "finished_at": now}
        elif result.outcome == "final":
            values |= {"status": "failed", "finished_at": now}
        else:
            wait_s = max(find_wait_s(parcel.attempt), min(result.retry_after_s, MAX_WAIT_S))
            values["next_at"] = now + timedelta(seconds=wait_s)
            if values["next_at"] > parcel.give_up_at:
                values |= {"status": "failed", "finished_at": now}
        await self._queue.settle(parcel.delivery_id, parcel.attempt, values)

    def _pack(self, delivery: NotificationDelivery, row: Row) -> Parcel:
        destination = self._sealer.unseal_json(
            row.destination_sealed, context_of(row, "destination")
        )
        return Parcel(
            delivery.id,
            delivery.attempts,
            delivery.delivery_key,
            delivery.event,
            delivery.give_up_at,
            delivery.body.encode(),
            destination["url"],
            destination["headers"],
            self._secrets.list_valid(row.secrets_sealed, context_of(row, "secrets")),
        )


def context_of(row: Row, what: str) -> str:
    """Return the place that a secret of a notification is sealed for."""
    return f"notifications/{row.id}/{what}"


def find_wait_s(attempt: int) -> float:
    """Return how long to wait after an attempt: longer each time, and never in step with others."""
    longest = min(FIRST_WAIT_S * 2.0 ** min(attempt - 1, 30), MAX_WAIT_S)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads, hides nothing
