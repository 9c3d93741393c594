# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has an event?"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class Event(Base):
    """One structured step of an execution, as ansible-runner emits it."""

    __tablename__ = "events"

    execution_id: Mapped[str] = mapped_column(
        ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True
    )
    counter: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event: Mapped[str]
    task: Mapped[str | None]
    play: Mapped[str | None]
    host: Mapped[str | None]
    created_at: Mapped[datetime]
    data: Mapped[dict[str, Any]]
    """The whole event, in ansible-runner's form."""
