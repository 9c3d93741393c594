# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a control plane process that shares the database with others?"""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class Replica(Base):
    """A process that serves and carries runs out, as long as it says so."""

    __tablename__ = "replicas"

    id: Mapped[str] = mapped_column(primary_key=True)
    """The durable engine's executor id."""
    machine: Mapped[str]
    version: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """When it last said that it lives, by the database's clock."""
