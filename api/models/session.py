# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a browser's session?"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class Session(Base):
    """Somebody who has signed in. Ids are never used again."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index(None, "digest", unique=True),
        Index(None, "user_id"),
        Index(None, "expires_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    digest: Mapped[str]
    """SHA-256 of what the cookie holds, lower-case hexadecimal."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """However much it is used."""
    last_used_at: Mapped[datetime]
    """To the minute, so that reading does not mean writing."""
    address: Mapped[str]
    user_agent: Mapped[str]
