# SPDX-License-Identifier: GPL-3.0-or-later
"""How busy hosts were: a sample of each in five minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TABLE = "host_loads"


def upgrade() -> None:
    """Add the samples."""
    op.create_table(
        _TABLE,
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("load_hundredths", sa.Integer(), nullable=False),
        sa.Column("memory_permille", sa.SmallInteger(), nullable=False),
        sa.Column("disk_permille", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["host_id"], ["agents.host_id"], name="fk_host_loads_host_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("host_id", "slot", name="pk_host_loads"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_host_loads_slot", _TABLE, ["slot"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table(_TABLE)
