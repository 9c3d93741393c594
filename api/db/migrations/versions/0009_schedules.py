# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    time, text = sa.DateTime(timezone=True), sa.String()
    op.create_table(
        "schedules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("owner_name", text, nullable=False),
        sa.Column("owner_user_id", sa.Integer(), nullable=True),
        sa.Column("owner_token_id", sa.Integer(), nullable=True),
        sa.Column("owner_grants", sa.JSON(), nullable=True),
        sa.Column("request_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.Column("cron", text, nullable=True),
        sa.Column("timezone", text, nullable=False),
        sa.Column("at", time, nullable=True),
        sa.Column("missed", text, nullable=False),
        sa.Column("grace_s", sa.Double(), nullable=False),
        sa.Column("overlap", text, nullable=False),
        sa.Column("paused_at", time, nullable=True),
        sa.Column("next_at", time, nullable=True),
        sa.Column("claimed_until", time, nullable=True),
        sa.Column("last_at", time, nullable=True),
        sa.Column("last_outcome", text, nullable=True),
        sa.Column("last_reason", text, nullable=True),
        sa.Column("last_run_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_schedules_name", "schedules", ["name"], unique=True)
    op.create_index("ix_schedules_next_at", "schedules", ["next_at"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("schedules")
