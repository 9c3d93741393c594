# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a group?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, sealed_column


class Group(Base):
    """Hosts that belong together; ``all`` and ``ungrouped`` are always there, without members."""

    __tablename__ = "groups"
    __table_args__ = (
        Index(None, "name", unique=True),
        Index(None, "revision"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    variables: Mapped[dict[str, Any]]
    secret_variables_sealed: Mapped[bytes | None] = sealed_column("groups/{}/variables")
    """A JSON object."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    revision: Mapped[int]
    """Counts the changes of this group, of its children and of the hosts added through it."""
