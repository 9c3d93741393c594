# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of hosts over time, and what agents said of their hosts' load."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the history and the load."""
    op.create_table(
        "host_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["host_id"], ["hosts.id"], name="fk_host_states_host_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_host_states"),
    )
    op.create_index("ix_host_states_host_id_id", "host_states", ["host_id", "id"])
    op.create_index("ix_host_states_at", "host_states", ["at"])
    op.add_column("agents", sa.Column("load", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Remove both."""
    op.drop_column("agents", "load")
    op.drop_table("host_states")
