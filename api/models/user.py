# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a user?"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class User(Base):
    """Somebody who signs in, and what they may. Ids are never used again."""

    __tablename__ = "users"
    __table_args__ = (Index(None, "name", unique=True), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    """Argon2id in PHC form; ``None`` for who uses API tokens only."""
    grants: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """``[{"role": ..., "groups": [...] or null, "templates": [...] or null}]``"""
    is_disabled: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
