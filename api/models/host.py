# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a host?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.models.agent import Agent
from api.models.base import Base
from api.models.host_group import HostGroup


class Host(Base):
    """A machine under management."""

    __tablename__ = "hosts"
    __table_args__ = (Index(None, "name", unique=True), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    address: Mapped[str]
    ssh_user: Mapped[str]
    ssh_port: Mapped[int]
    ssh_credentials_sealed: Mapped[bytes | None]
    """JSON ``{"private_key": ..., "password": ...}``, bound to ``hosts/<id>/ssh_credentials``."""
    ssh_host_key: Mapped[str | None]
    """What the host showed and somebody accepted, as a line of ``known_hosts`` without the name."""
    variables: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    revision: Mapped[int]
    """Counts the changes of this host; unlike a time, it never stands still or goes back."""

    group_rows: Mapped[list[HostGroup]] = relationship(
        cascade="all, delete-orphan",
        lazy="raise",
        order_by=HostGroup.name,
        passive_deletes=True,
    )
    agent: Mapped[Agent | None] = relationship(
        cascade="all, delete-orphan", lazy="raise", passive_deletes=True
    )
