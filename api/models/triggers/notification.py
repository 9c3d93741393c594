# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns have a notification, what happened, and what is sent because of it?"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, sealed_column
from api.models.triggers.owned import Owned


class Notification(Owned, Base):
    """Tells another system what happens. Ids are never used again."""

    __tablename__ = "notifications"
    __table_args__ = (Index(None, "name", unique=True), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    destination_sealed: Mapped[bytes] = sealed_column("notifications/{}/destination")
    """JSON ``{"url": ..., "headers": {...}}``: the paths of many systems are secrets."""
    secrets_sealed: Mapped[bytes] = sealed_column("notifications/{}/secrets")
    """``[{"secret": ..., "until": null or a time}]``, the newest first."""
    destination: Mapped[str]
    """Scheme, host and port of the URL."""
    headers: Mapped[list[str]] = mapped_column(JSON)
    """Names of the headers that are added."""
    events: Mapped[list[str]] = mapped_column(JSON)
    templates: Mapped[list[str]] = mapped_column(JSON)
    groups: Mapped[list[str]] = mapped_column(JSON)
    labels: Mapped[list[str]] = mapped_column(JSON)
    triggered_by: Mapped[list[str]] = mapped_column(JSON)
    """Each of these four narrows what is told; an empty one does not."""
    is_enabled: Mapped[bool]


class NotificationEvent(Base):
    """Something that happened to a run or a host; written with what happened."""

    __tablename__ = "notification_events"
    __table_args__ = (
        Index(None, "number", unique=True),
        Index(
            "ix_notification_events_untold",
            "id",
            sqlite_where=text("number IS NULL"),
            postgresql_where=text("number IS NULL"),
        ),
        Index(None, "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int | None] = mapped_column(BigInteger)
    """Its place in the feed, given when it is told to notifications: readers go on behind it.

    Ids are no such places: of two transactions the one with the larger id may commit first.
    """
    event: Mapped[str]
    at: Mapped[datetime]
    run_id: Mapped[int | None]
    host_id: Mapped[int | None]
    facts: Mapped[dict[str, Any]]
    """What is told of it, as it was then."""


class NotificationDelivery(Base):
    """What is sent to one system because of events, until it has taken it."""

    __tablename__ = "notification_deliveries"
    __table_args__ = (
        Index(None, "delivery_key", unique=True),
        Index(None, "notification_id", "id"),
        Index(None, "notification_id", "subject", "status", "id"),
        Index(None, "status", "next_at"),
        Index(None, "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notification_id: Mapped[int] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"))
    delivery_key: Mapped[str]
    """What it has each time it is sent."""
    event: Mapped[str]
    subject: Mapped[str]
    """What it is about: of one subject, the earlier delivery goes first."""
    body: Mapped[str]
    """The bytes that are signed and sent, which are JSON."""
    created_at: Mapped[datetime]
    status: Mapped[str]
    """``waiting``, ``delivered`` or ``failed``."""
    attempts: Mapped[int]
    next_at: Mapped[datetime]
    """When it is tried next, while it waits."""
    give_up_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    """Until then one process alone sends it, and nothing else of its notification."""
    finished_at: Mapped[datetime | None]
    status_code: Mapped[int | None]
    """The HTTP status of the last answer."""
    reason: Mapped[str | None]
    """Why the last attempt failed."""
