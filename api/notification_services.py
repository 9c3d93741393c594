# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services tell others what happens, on one unit of work? Part of the composition."""

from functools import cached_property
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from api.audit.service import AuditService
from api.core.clock import Clock
from api.core.sealing import Sealer
from api.notifications.deliveries import DeliveryService
from api.notifications.fanout import NotificationFanout
from api.notifications.outbox import NotificationOutbox
from api.notifications.queue import NotificationQueue
from api.notifications.repository import NotificationRepository
from api.notifications.service import NotificationService


class NotificationParts(Protocol):
    """What these services need that lives as long as the process."""

    @property
    def sealer(self) -> Sealer:
        """What seals secrets."""
        ...

    @property
    def clock(self) -> Clock:
        """What time it is."""
        ...


class NotificationServices:
    """The services of notifications."""

    def __init__(self, parts: NotificationParts, session: AsyncSession) -> None:
        self._parts = parts
        self._repository = NotificationRepository(session)
        self.queue = NotificationQueue(session)

    @cached_property
    def outbox(self) -> NotificationOutbox:
        """What happens and is to be told."""
        return NotificationOutbox(self.queue, self._parts.clock)

    @cached_property
    def fanout(self) -> NotificationFanout:
        """Who is told of it."""
        return NotificationFanout(self._repository, self.queue, self._parts.clock)

    @cached_property
    def deliveries(self) -> DeliveryService:
        """What is to be sent."""
        return DeliveryService(self.queue, self._parts.sealer, self._parts.clock)

    def build_service(self, audit: AuditService) -> NotificationService:
        """Build what changes notifications."""
        parts = self._parts
        return NotificationService(self._repository, self.fanout, audit, parts.sealer, parts.clock)
