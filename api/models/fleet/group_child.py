# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a group's place inside another group?"""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class GroupChild(Base):
    """One group inside another: its hosts are in both. Never a ring."""

    __tablename__ = "group_children"
    __table_args__ = (Index(None, "child_id"),)

    parent_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True
    )
    child_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True
    )
