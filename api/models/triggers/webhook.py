# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns have a webhook, and what was delivered to it?"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, sealed_column
from api.models.triggers.owned import Owned


class Webhook(Owned, Base):
    """Starts a run when something is delivered to it. Ids are never used again."""

    __tablename__ = "webhooks"
    __table_args__ = (Index(None, "name", unique=True), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    request_sealed: Mapped[bytes] = sealed_column("webhooks/{}/request")
    """The body of ``POST /runs`` as JSON: variables and commands may hold secrets."""
    secrets_sealed: Mapped[bytes] = sealed_column("webhooks/{}/secrets")
    """``[{"secret": ..., "until": null or a time}]``, the newest first."""
    scheme: Mapped[str]
    """``myx``, ``github`` or ``gitlab``."""
    matchers: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    variables: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    limit_from: Mapped[str | None]
    is_enabled: Mapped[bool]
    refused_count: Mapped[int]
    """Deliveries with a wrong signature: counted, not kept."""
    refused_at: Mapped[datetime | None]
    refused_from: Mapped[str | None]


class WebhookDelivery(Base):
    """Something that was delivered and rightly signed."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index(None, "webhook_id", "delivery_key", unique=True),
        Index(None, "received_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    delivery_key: Mapped[str]
    """What the same delivery has each time it is sent."""
    received_at: Mapped[datetime]
    address: Mapped[str]
    size_bytes: Mapped[int]
    outcome: Mapped[str]
    """``pending``, ``ran``, ``ignored`` or ``failed``."""
    reason: Mapped[str | None]
    run_id: Mapped[int | None]
