# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has the last end on a host?"""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class LastEnd(Base):
    """How the newest execution ended of those on a host that have; kept by whoever ends one.

    Lists of thousands of hosts ask for it, and looking through the executions takes too long then.
    """

    __tablename__ = "last_ends"
    __table_args__ = (Index(None, "execution_id"), Index(None, "status"))

    host_id: Mapped[int] = mapped_column(
        ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    execution_id: Mapped[str] = mapped_column(ForeignKey("executions.id", ondelete="CASCADE"))
    status: Mapped[str]
