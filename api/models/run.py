# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a run?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, sealed_column


class Run(Base):
    """One trigger: what, where, with which variables. Ids are never used again."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(None, "idempotency_key", unique=True),
        Index(None, "created_at", "id"),
        Index(None, "kind", "id"),
        Index(None, "name", "id"),
        Index(None, "status", "id"),
        Index(None, "retry_of"),
        Index(None, "finished_at"),
        Index(
            "ix_runs_ended",
            "finished_at",
            "status",
            "started_at",
            sqlite_where=text("finished_at IS NOT NULL"),
            postgresql_where=text("finished_at IS NOT NULL"),
        ),
        Index(
            "ix_runs_kept_secrets",
            "finished_at",
            sqlite_where=text("secrets_sealed IS NOT NULL"),
            postgresql_where=text("secrets_sealed IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """``playbook``, ``command``, ``script``, ``install``, ``uninstall`` or ``reported``."""
    name: Mapped[str]
    spec: Mapped[dict[str, Any]]
    """What was asked for, without secrets."""
    secrets_sealed: Mapped[bytes | None] = sealed_column("runs/{}/secrets")
    """Extra vars and one-off SSH credentials as JSON.

    Variables of a run that did not succeed are kept for a while, for a retry.
    """
    had_secrets: Mapped[bool] = mapped_column(default=False)
    limit_pattern: Mapped[str | None]
    bundle_digest: Mapped[str | None]
    timeout_s: Mapped[float | None]
    rollout: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How it goes through its hosts; see ``api.runs.rollout.schemas.Rollout``."""
    retry_of: Mapped[int | None]
    """The run whose hosts this one tries again; outlives that run's removal."""
    status: Mapped[str]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    cancel_requested_by: Mapped[str | None]
    paused_at: Mapped[datetime | None]
    """Nothing new starts while this is set."""
    pause_reason: Mapped[str | None]
    paused_after_wave: Mapped[int] = mapped_column(default=0)
    """The last wave after which it has paused as asked for; it does so once."""
    stop_reason: Mapped[str | None]
    """Which failures exceeded the budget; nothing new starts any more."""
    wait_reason: Mapped[str | None]
    """What it waits for while executions of it could begin."""
    heard_at: Mapped[datetime | None]
    """When who reports it was last heard of, where it was started elsewhere."""
    idempotency_key: Mapped[str | None]
    idempotency_digest: Mapped[str | None]
    """SHA-256 of the request that carried the key."""
