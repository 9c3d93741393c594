# SPDX-License-Identifier: GPL-3.0-or-later
"""What of triggers lives as long as the process, and runs in the background?"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from api.audit.service import AuditService
from api.auth.principals import Principal
from api.core.clock import Clock
from api.core.sealing import Sealer
from api.core.settings import Settings
from api.notifications.courier import EVERY_S as COURIER_EVERY_S
from api.notifications.courier import Courier
from api.notifications.sender import Sender
from api.runs.launcher import RunLauncher
from api.runs.service import RunsService
from api.schedules.clockwork import EVERY_S, Clockwork
from api.schedules.repository import ScheduleRepository
from api.schedules.schemas import ScheduleCreate, ScheduleUpdate
from api.schedules.service import ScheduleService
from api.triggers.ticking import Ticker
from api.webhooks.receiver import WebhookReceiver
from api.webhooks.repository import WebhookRepository
from api.webhooks.schemas import WebhookCreate, WebhookUpdate
from api.webhooks.service import WebhookService

Body = TypeVar("Body", ScheduleCreate, ScheduleUpdate, WebhookCreate, WebhookUpdate)

OpenAnyWork = Callable[..., AbstractAsyncContextManager[Any]]


class TriggerParts:
    """What starts runs by itself, and tells others of them."""

    def __init__(
        self,
        open_work: OpenAnyWork,
        launcher: RunLauncher,
        clock: Clock,
        settings: Settings,
        note_set_aside: Callable[[int], None],
        tell_readers: Callable[[], None],
    ) -> None:
        """Take what starts runs, who counts what could not be told, and who tells readers."""
        self._launcher = launcher
        self.clockwork = Clockwork(open_work, launcher)
        self.receiver = WebhookReceiver(open_work, launcher, clock)
        networks, ca_file = settings.notification_networks, settings.notification_ca_file
        self.courier = Courier(
            open_work, Sender(clock, networks, ca_file), note_set_aside, tell_readers
        )
        self.tickers = [
            Ticker("schedules", self.clockwork.step, EVERY_S),
            Ticker("notifications", self.courier.step, COURIER_EVERY_S),
        ]

    async def settle_run(self, body: Body, principal: Principal) -> Body:
        """Return what somebody sent with the name of its run as ``RunLauncher.settle_name``."""
        if body.run is None:
            return body
        run = await self._launcher.settle_name(body.run, principal)
        return body.model_copy(update={"run": run})

    def open(self) -> None:
        """Begin."""
        for ticker in self.tickers:
            ticker.open()

    async def close(self) -> None:
        """Stop."""
        for ticker in self.tickers:
            await ticker.close()
        await self.courier.close()


class SealingParts(Protocol):
    """What these services need that lives as long as the process."""

    @property
    def sealer(self) -> Sealer:
        """What seals secrets."""
        ...

    @property
    def clock(self) -> Clock:
        """What time it is."""
        ...


def build_schedules(
    session: AsyncSession, parts: SealingParts, runs: RunsService, audit: AuditService
) -> ScheduleService:
    """Build the schedules of a unit of work."""
    return ScheduleService(ScheduleRepository(session), runs, audit, parts.sealer, parts.clock)


def build_webhooks(
    session: AsyncSession, parts: SealingParts, audit: AuditService
) -> WebhookService:
    """Build the webhooks of a unit of work."""
    return WebhookService(WebhookRepository(session), audit, parts.sealer, parts.clock)
