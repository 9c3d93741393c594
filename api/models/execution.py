# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has an execution?"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class Execution(Base):
    """A run on one host. Its log lies in the logs folder, never in a row."""

    __tablename__ = "executions"
    __table_args__ = (
        Index(None, "run_id", "host_name"),
        Index(None, "run_id", "status"),
        Index(None, "host_id"),
        Index(None, "host_name"),
        Index(None, "status"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """A UUIDv7; the ``command_id`` on the host."""
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    host_id: Mapped[int | None] = mapped_column(ForeignKey("hosts.id", ondelete="SET NULL"))
    host_name: Mapped[str]
    """Outlives the host's removal."""
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
    acknowledged: Mapped[bool] = mapped_column(default=False)
    """The agent was told that everything is stored and may forget it."""
