# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has an execution?"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base

KEPT_LOG = "log_removed_at IS NULL AND log_bytes > 0"
KEPT_EVENTS = "events_removed_at IS NULL"
"""In these words, or the indexes of what retention has not removed are not used."""


class Execution(Base):
    """A run on one host. Its log lies in the logs folder, never in a row."""

    __tablename__ = "executions"
    __table_args__ = (
        Index(None, "run_id", "host_name"),
        Index(None, "run_id", "status"),
        Index(None, "host_id", "id"),
        Index(None, "host_name"),
        Index(None, "status"),
        Index(
            "ix_executions_owed",
            "host_id",
            sqlite_where=text("NOT acknowledged"),
            postgresql_where=text("NOT acknowledged"),
        ),
        Index(
            "ix_executions_kept_logs",
            "finished_at",
            "log_bytes",
            sqlite_where=text(KEPT_LOG),
            postgresql_where=text(KEPT_LOG),
        ),
        Index(
            "ix_executions_kept_events",
            "finished_at",
            sqlite_where=text(KEPT_EVENTS),
            postgresql_where=text(KEPT_EVENTS),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """A UUIDv7; the ``command_id`` on the host."""
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    host_id: Mapped[int | None] = mapped_column(ForeignKey("hosts.id", ondelete="SET NULL"))
    host_name: Mapped[str]
    """Outlives the host's removal."""
    wave: Mapped[int] = mapped_column(default=1)
    position: Mapped[int] = mapped_column(default=0)
    """Its place in the order of the run's hosts, from 0."""
    status: Mapped[str]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    return_code: Mapped[int | None]
    recap: Mapped[dict[str, Any] | None]
    log_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    last_event: Mapped[int] = mapped_column(default=0)
    """The counter of the last event that is stored."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    wait_code: Mapped[str | None]
    wait_reason: Mapped[str | None]
    """What it waits for on its host while it is pending."""
    waiting_since: Mapped[datetime | None]
    acknowledged: Mapped[bool] = mapped_column(default=False)
    """Nothing is owed: the agent was told that everything is stored, or there is nothing to tell.

    An execution that ended and is not acknowledged is asked for when its host is heard of again.
    """
    log_removed_at: Mapped[datetime | None]
    """When retention removed its log; ``log_bytes`` still says how long it was."""
    events_removed_at: Mapped[datetime | None]
    """When retention removed its events, if it had any."""
