# SPDX-License-Identifier: GPL-3.0-or-later
"""An index of runs' names as searches compare them, so that PostgreSQL counts in it alone."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_NAME = "ix_runs_name_folded"


def upgrade() -> None:
    """Make it; the name itself is in it since PostgreSQL asks for it to leave the table alone."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE INDEX {_NAME} ON runs (lower(name), name)")


def downgrade() -> None:
    """Drop it: the rows are read again."""
    op.execute(f"DROP INDEX IF EXISTS {_NAME}")
