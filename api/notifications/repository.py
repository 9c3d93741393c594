# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about notifications, and about what they have told?"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.core.paging import Slice
from api.db.lists import fetch_slice, order_by
from api.db.visibility import owned_by
from api.models.triggers.notification import Notification, NotificationDelivery
from api.models.triggers.owned import OwnerIds
from api.notifications.errors import NotificationExistsError
from api.notifications.schemas import DeliveryQuery, NotificationQuery


class NotificationRepository:
    """The notifications, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: Notification) -> None:
        """Add a notification, which then has its id.

        Raises:
            NotificationExistsError: the name is taken.
        """
        self._session.add(row)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise NotificationExistsError from error

    async def count(self) -> int:
        """Count all notifications."""
        return await self._session.scalar(select(func.count()).select_from(Notification)) or 0

    async def find(self, notification_id: int) -> Notification | None:
        """Return the notification, or None."""
        return await self._session.get(Notification, notification_id)

    async def list_enabled(self) -> Sequence[Notification]:
        """List those that tell something."""
        enabled = select(Notification).where(Notification.is_enabled).order_by(Notification.id)
        return (await self._session.scalars(enabled)).all()

    async def delete(self, row: Notification) -> None:
        """Delete a notification with its deliveries."""
        await self._session.delete(row)
        await self._session.flush()

    async def list_page(
        self, query: NotificationQuery, owner: OwnerIds | None
    ) -> Slice[Notification]:
        """List a page; only the owner's where one is given."""
        statement = select(Notification).where(owned_by(Notification, owner))
        columns = {"id": Notification.id, "name": Notification.name}
        order = order_by(query.order_by, columns, Notification.id)
        return await fetch_slice(self._session, statement, query, order)

    async def find_delivery(
        self, notification_id: int, delivery_id: int
    ) -> NotificationDelivery | None:
        """Return a delivery of a notification, or None."""
        return await self._session.scalar(
            select(NotificationDelivery).where(
                NotificationDelivery.id == delivery_id,
                NotificationDelivery.notification_id == notification_id,
            )
        )

    async def list_deliveries(
        self, notification_id: int, query: DeliveryQuery
    ) -> Slice[NotificationDelivery]:
        """List a page of deliveries."""
        table = NotificationDelivery
        statement = select(table).where(table.notification_id == notification_id)
        if query.status is not None:
            statement = statement.where(table.status == query.status)
        order = order_by(query.order_by, {"id": table.id}, table.id)
        return await fetch_slice(self._session, statement, query, order)
