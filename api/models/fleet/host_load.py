# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a sample of how busy a host was? As few bytes as will do: there are many."""

from datetime import UTC, datetime

from sqlalchemy import ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base

SLOT_S = 300
"""Seconds for which one sample stands. What is stored counts in these: it cannot be changed."""


class HostLoad(Base):
    """How busy a host was within five minutes: what its first heartbeat in them said."""

    __tablename__ = "host_loads"
    __table_args__ = (Index(None, "slot"), {"sqlite_with_rowid": False})

    # Of the agent, whose row a heartbeat has locked by then, and not of the host.
    host_id: Mapped[int] = mapped_column(
        ForeignKey("agents.host_id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[int] = mapped_column(primary_key=True)
    """The number of the five minutes, since 1970."""
    load_hundredths: Mapped[int]
    """Hundredths of the load over one minute."""
    memory_permille: Mapped[int] = mapped_column(SmallInteger)
    """How much of the memory was used."""
    disk_permille: Mapped[int] = mapped_column(SmallInteger)
    """How much of the disk was used."""


def number_slot(at: datetime) -> int:
    """Return the number of the five minutes in which a moment lies."""
    return int(at.timestamp() // SLOT_S)


def begin_slot(slot: int) -> datetime:
    """Return when these five minutes began."""
    return datetime.fromtimestamp(slot * SLOT_S, UTC)
