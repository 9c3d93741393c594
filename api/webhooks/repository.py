# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about webhooks?"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.core.paging import Slice
from api.db.lists import fetch_slice, order_by
from api.db.visibility import owned_by
from api.models.triggers.owned import OwnerIds
from api.models.triggers.webhook import Webhook, WebhookDelivery
from api.webhooks.errors import WebhookExistsError
from api.webhooks.schemas import DeliveryQuery, WebhookQuery


class WebhookRepository:
    """The webhooks, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: Webhook) -> None:
        """Add a webhook, which then has its id.

        Raises:
            WebhookExistsError: the name is taken.
        """
        self._session.add(row)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise WebhookExistsError from error

    async def find(self, webhook_id: int) -> Webhook | None:
        """Return the webhook, or None."""
        return await self._session.scalar(select(Webhook).where(Webhook.id == webhook_id))

    async def delete(self, row: Webhook) -> None:
        """Delete a webhook with its deliveries."""
        await self._session.delete(row)
        await self._session.flush()

    async def list_all(self) -> Sequence[Webhook]:
        """List all of them."""
        return (await self._session.scalars(select(Webhook))).all()

    async def list_page(self, query: WebhookQuery, owner: OwnerIds | None) -> Slice[Webhook]:
        """List a page; only the owner's where one is given."""
        statement = select(Webhook).where(owned_by(Webhook, owner))
        columns = {"id": Webhook.id, "name": Webhook.name}
        order = order_by(query.order_by, columns, Webhook.id)
        return await fetch_slice(self._session, statement, query, order)

    async def note_refused(self, webhook_id: int, at: datetime, address: str) -> None:
        """Count a delivery that was not rightly signed."""
        await self._session.execute(
            update(Webhook)
            .where(Webhook.id == webhook_id)
            .values(refused_count=Webhook.refused_count + 1, refused_at=at, refused_from=address)
        )

    async def add_delivery(self, row: WebhookDelivery) -> None:
        """Add a delivery, which then has its id."""
        self._session.add(row)
        await self._session.flush()

    async def find_delivery(self, webhook_id: int, key: str) -> WebhookDelivery | None:
        """Return the delivery that had that key, or None."""
        return await self._session.scalar(
            select(WebhookDelivery).where(
                WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.delivery_key == key
            )
        )

    async def list_deliveries(
        self, webhook_id: int, query: DeliveryQuery
    ) -> Slice[WebhookDelivery]:
        """List a page of deliveries."""
        statement = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
        if query.outcome is not None:
            statement = statement.where(WebhookDelivery.outcome == query.outcome)
        order = order_by(query.order_by, {"id": WebhookDelivery.id}, WebhookDelivery.id)
        return await fetch_slice(self._session, statement, query, order)
