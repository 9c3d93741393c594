# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a host?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.models.base import Base, sealed_column
from api.models.fleet.agent import Agent
from api.models.fleet.group import Group
from api.models.fleet.host_group import HostGroup


class Host(Base):
    """A machine under management."""

    __tablename__ = "hosts"
    __table_args__ = (
        Index(None, "name", unique=True),
        Index(None, "address"),
        Index(None, "created_at"),
        Index(None, "updated_at"),
        Index(None, "revision"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    address: Mapped[str]
    ssh_user: Mapped[str]
    ssh_port: Mapped[int]
    ssh_credentials_sealed: Mapped[bytes | None] = sealed_column("hosts/{}/ssh_credentials")
    """JSON ``{"private_key": ..., "password": ...}``."""
    ssh_host_key: Mapped[str | None]
    """What the host showed and somebody accepted, as a line of ``known_hosts`` without the name."""
    variables: Mapped[dict[str, Any]]
    secret_variables_sealed: Mapped[bytes | None] = sealed_column("hosts/{}/variables")
    """A JSON object."""
    labels: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Texts by key, for selecting; Ansible does not see them."""
    description: Mapped[str] = mapped_column(default="")
    location: Mapped[str] = mapped_column(default="")
    provider: Mapped[str] = mapped_column(default="")
    idc: Mapped[str] = mapped_column(default="")
    maintenance_since: Mapped[datetime | None]
    """Nothing new starts there while this is set."""
    maintenance_reason: Mapped[str | None]
    max_playbooks: Mapped[int | None]
    """Playbooks at once, where it is not as set for all hosts."""
    max_commands: Mapped[int | None]
    """Commands and scripts at once, likewise."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    revision: Mapped[int]
    """Counts the changes of this host; unlike a time, it never stands still or goes back."""

    groups: Mapped[list[Group]] = relationship(
        secondary=HostGroup.__table__, lazy="raise", order_by=Group.name, passive_deletes=True
    )
    agent: Mapped[Agent | None] = relationship(
        cascade="all, delete-orphan", lazy="raise", passive_deletes=True
    )
