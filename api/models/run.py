# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a run?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class Run(Base):
    """One trigger: what, where, with which variables. Ids are never used again."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(None, "idempotency_key", unique=True),
        Index(None, "status"),
        Index(None, "kind"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """``playbook``, ``command``, ``script``, ``install`` or ``uninstall``."""
    name: Mapped[str]
    spec: Mapped[dict[str, Any]]
    """What was asked for, without secrets."""
    secrets_sealed: Mapped[bytes | None]
    """Extra vars and one-off SSH credentials as JSON, bound to ``runs/<id>/secrets``."""
    limit_pattern: Mapped[str | None]
    bundle_digest: Mapped[str | None]
    timeout_s: Mapped[float | None]
    status: Mapped[str]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    idempotency_key: Mapped[str | None]
    idempotency_digest: Mapped[str | None]
    """SHA-256 of the request that carried the key."""
