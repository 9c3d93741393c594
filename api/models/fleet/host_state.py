# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a state that a host went into?"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class HostState(Base):
    """A change of a host's state; the host is in it until its next one."""

    __tablename__ = "host_states"
    __table_args__ = (Index(None, "host_id", "id"), Index(None, "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("hosts.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    state: Mapped[str]
    """``online``, ``offline``, ``maintenance`` or ``not_installed``."""
    reason: Mapped[str]
