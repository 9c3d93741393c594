# SPDX-License-Identifier: GPL-3.0-or-later
"""Webhooks and their deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    _create_webhooks()
    _create_deliveries()


def _create_webhooks() -> None:
    time, text = sa.DateTime(timezone=True), sa.String()
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("owner_name", text, nullable=False),
        sa.Column("owner_user_id", sa.Integer(), nullable=True),
        sa.Column("owner_token_id", sa.Integer(), nullable=True),
        sa.Column("owner_grants", sa.JSON(), nullable=True),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.Column("request_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("secrets_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("scheme", text, nullable=False),
        sa.Column("matchers", sa.JSON(), nullable=False),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("limit_from", text, nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("refused_count", sa.Integer(), nullable=False),
        sa.Column("refused_at", time, nullable=True),
        sa.Column("refused_from", text, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhooks_name", "webhooks", ["name"], unique=True)


def _create_deliveries() -> None:
    time, text = sa.DateTime(timezone=True), sa.String()
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("delivery_key", text, nullable=False),
        sa.Column("received_at", time, nullable=False),
        sa.Column("address", text, nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("outcome", text, nullable=False),
        sa.Column("reason", text, nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhooks.id"],
            name="fk_webhook_deliveries_webhook_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_webhook_deliveries_webhook_id_delivery_key",
        "webhook_deliveries",
        ["webhook_id", "delivery_key"],
        unique=True,
    )
    op.create_index("ix_webhook_deliveries_received_at", "webhook_deliveries", ["received_at"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
