# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in waves: rollout, pause, retry; waiting executions; maintenance and limits of hosts."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Columns = dict[str, list[sa.Column[Any]]]


def _list_columns() -> Columns:
    """List the new columns by table, made anew each time: a column belongs to one table."""
    time, text, number = sa.DateTime(timezone=True), sa.String(), sa.Integer()
    return {
        "runs": [
            sa.Column("rollout", sa.JSON(), nullable=False, server_default="{}"),
            sa.Column("had_secrets", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("retry_of", number),
            sa.Column("paused_at", time),
            sa.Column("pause_reason", text),
            sa.Column("paused_after_wave", number, nullable=False, server_default="0"),
            sa.Column("stop_reason", text),
            sa.Column("wait_reason", text),
        ],
        "executions": [
            sa.Column("wave", number, nullable=False, server_default="1"),
            sa.Column("position", number, nullable=False, server_default="0"),
            sa.Column("wait_code", text),
            sa.Column("wait_reason", text),
            sa.Column("waiting_since", time),
        ],
        "hosts": [
            sa.Column("maintenance_since", time),
            sa.Column("maintenance_reason", text),
            sa.Column("max_playbooks", number),
            sa.Column("max_commands", number),
        ],
    }


def upgrade() -> None:
    """Go to this revision."""
    for table, columns in _list_columns().items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_runs_retry_of", "runs", ["retry_of"])
    op.create_index(
        "ix_executions_owed",
        "executions",
        ["host_id"],
        sqlite_where=sa.text("NOT acknowledged"),
        postgresql_where=sa.text("NOT acknowledged"),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_executions_owed", "executions")
    op.drop_index("ix_runs_retry_of", "runs")
    for table, columns in _list_columns().items():
        for column in columns:
            op.drop_column(table, column.name)
