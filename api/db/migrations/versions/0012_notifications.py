# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications, what they are about to tell, and what they have told."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    _create_notifications()
    op.create_table(
        "notification_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("host_id", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notification_events"),
        sqlite_autoincrement=True,
    )
    _create_deliveries()
    _index_deliveries()


def _create_notifications() -> None:
    time, text = sa.DateTime(timezone=True), sa.String()
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("owner_name", text, nullable=False),
        sa.Column("owner_user_id", sa.Integer(), nullable=True),
        sa.Column("owner_token_id", sa.Integer(), nullable=True),
        sa.Column("owner_grants", sa.JSON(), nullable=True),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.Column("destination_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("secrets_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("destination", text, nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("templates", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("triggered_by", sa.JSON(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notifications_name", "notifications", ["name"], unique=True)


def _create_deliveries() -> None:
    time, text = sa.DateTime(timezone=True), sa.String()
    op.create_table(
        "notification_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notification_id", sa.Integer(), nullable=False),
        sa.Column("delivery_key", text, nullable=False),
        sa.Column("event", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("body", text, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("status", text, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", time, nullable=False),
        sa.Column("give_up_at", time, nullable=False),
        sa.Column("claimed_until", time, nullable=True),
        sa.Column("finished_at", time, nullable=True),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("reason", text, nullable=True),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name="fk_notification_deliveries_notification_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notification_deliveries"),
        sqlite_autoincrement=True,
    )


def _index_deliveries() -> None:
    table = "notification_deliveries"
    op.create_index(f"ix_{table}_delivery_key", table, ["delivery_key"], unique=True)
    op.create_index(f"ix_{table}_notification_id_id", table, ["notification_id", "id"])
    op.create_index(
        f"ix_{table}_notification_id_subject_status_id",
        table,
        ["notification_id", "subject", "status", "id"],
    )
    op.create_index(f"ix_{table}_status_next_at", table, ["status", "next_at"])
    op.create_index(f"ix_{table}_created_at", table, ["created_at"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("notification_deliveries")
    op.drop_table("notification_events")
    op.drop_table("notifications")
