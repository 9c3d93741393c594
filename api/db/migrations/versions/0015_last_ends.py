# SPDX-License-Identifier: GPL-3.0-or-later
"""How the last execution on each host ended, in a table of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TAKE_OVER = """
    INSERT INTO last_ends (host_id, execution_id, status)
    SELECT executions.host_id, executions.id, executions.status
    FROM executions JOIN (
        SELECT max(id) AS id FROM executions
        WHERE finished_at IS NOT NULL AND host_id IS NOT NULL GROUP BY host_id
    ) AS newest ON newest.id = executions.id
"""


def upgrade() -> None:
    """Make the table, of the executions that there are."""
    op.create_table(
        "last_ends",
        sa.Column("host_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("execution_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["host_id"], ["hosts.id"], name="fk_last_ends_host_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["executions.id"],
            name="fk_last_ends_execution_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("host_id", name="pk_last_ends"),
    )
    op.execute(_TAKE_OVER)
    op.create_index("ix_last_ends_execution_id", "last_ends", ["execution_id"])
    op.create_index("ix_last_ends_status", "last_ends", ["status"])


def downgrade() -> None:
    """Forget it: it is made of executions again."""
    op.drop_table("last_ends")
