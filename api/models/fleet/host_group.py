# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a host's membership in a group?"""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class HostGroup(Base):
    """One host directly in one group."""

    __tablename__ = "host_groups"
    __table_args__ = (Index(None, "group_id"),)

    host_id: Mapped[int] = mapped_column(
        ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True
    )
    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True
    )
