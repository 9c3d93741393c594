# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a schedule?"""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, sealed_column
from api.models.triggers.owned import Owned


class Schedule(Owned, Base):
    """Starts a run at its times. Ids are never used again."""

    __tablename__ = "schedules"
    __table_args__ = (
        Index(None, "name", unique=True),
        Index(None, "next_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_sealed: Mapped[bytes] = sealed_column("schedules/{}/request")
    """The body of ``POST /runs`` as JSON: variables and commands may hold secrets."""
    cron: Mapped[str | None]
    """Five fields; or it has ``at``."""
    timezone: Mapped[str]
    """Name of the IANA database."""
    at: Mapped[datetime | None]
    missed: Mapped[str]
    """``skip`` or ``run_once``."""
    grace_s: Mapped[float]
    overlap: Mapped[str]
    """``skip`` or ``allow``."""
    paused_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    """When it is due; ``None`` while it is paused and after its last time."""
    claimed_until: Mapped[datetime | None]
    """Until then one process alone sees to the time that is due."""
    last_at: Mapped[datetime | None]
    """The last time that was seen to, as planned."""
    last_outcome: Mapped[str | None]
    """``started``, ``missed``, ``overlapped`` or ``failed``."""
    last_reason: Mapped[str | None]
    last_run_id: Mapped[int | None]
