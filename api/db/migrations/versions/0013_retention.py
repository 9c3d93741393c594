# SPDX-License-Identifier: GPL-3.0-or-later
"""Indexes for what retention looks for: the oldest that is still kept."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KEPT = {
    "ix_executions_kept_logs": (
        "executions",
        ["finished_at", "log_bytes"],
        "log_removed_at IS NULL AND log_bytes > 0",
    ),
    "ix_executions_kept_events": ("executions", ["finished_at"], "events_removed_at IS NULL"),
    "ix_runs_kept_secrets": ("runs", ["finished_at"], "secrets_sealed IS NOT NULL"),
}


def upgrade() -> None:
    """Go to this revision."""
    op.create_index("ix_runs_finished_at", "runs", ["finished_at"])
    for name, (table, columns, condition) in _KEPT.items():
        op.create_index(
            name,
            table,
            columns,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )


def downgrade() -> None:
    """Go back to the revision before."""
    for name, (table, _columns, _condition) in _KEPT.items():
        op.drop_index(name, table)
    op.drop_index("ix_runs_finished_at", "runs")
