# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has an API token?"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class ApiToken(Base):
    """A token that a program shows instead of signing in. Ids are never used again."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        Index(None, "digest", unique=True),
        Index(None, "user_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose it is; ``None`` for a program's own."""
    digest: Mapped[str]
    """SHA-256 of the token, lower-case hexadecimal."""
    prefix: Mapped[str]
    """The token's first characters, by which people recognise it."""
    grants: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    """As a user's; ``None`` for all that its user may, who always is the upper bound."""
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """To the minute, so that reading does not mean writing."""
    last_used_from: Mapped[str | None]
    """An address."""
