# SPDX-License-Identifier: GPL-3.0-or-later
"""Replicas, logs as rows, and when logs and events of executions were removed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "replicas",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_replicas"),
    )
    op.create_table(
        "log_chunks",
        sa.Column("execution_id", sa.String(), nullable=False),
        sa.Column("start_offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_type", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("execution_id", "start_offset", name="pk_log_chunks"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Not compressed: a part of a piece is then read without the whole of it.
        op.execute("ALTER TABLE log_chunks ALTER COLUMN data SET STORAGE EXTERNAL")
    op.add_column("executions", sa.Column("log_removed_at", sa.DateTime(timezone=True)))
    op.add_column("executions", sa.Column("events_removed_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Go back; logs that are rows are lost."""
    # Not in a batch: on SQLite that copies the table and drops it, and its events with it.
    op.drop_column("executions", "events_removed_at")
    op.drop_column("executions", "log_removed_at")
    op.drop_table("log_chunks")
    op.drop_table("replicas")
