# SPDX-License-Identifier: GPL-3.0-or-later
"""Indexes for what lists of runs and hosts are sorted and searched by."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SORTED = {
    "ix_runs_created_at_id": ["created_at", "id"],
    "ix_runs_name_id": ["name", "id"],
    "ix_runs_kind_id": ["kind", "id"],
    "ix_runs_status_id": ["status", "id"],
}
_SEARCHED = {
    "ix_runs_name_trigrams": ("runs", "name"),
    "ix_hosts_name_trigrams": ("hosts", "name"),
    "ix_hosts_address_trigrams": ("hosts", "address"),
}


def upgrade() -> None:
    """Go to this revision."""
    for name, columns in _SORTED.items():
        op.create_index(name, "runs", columns)
    op.drop_index("ix_runs_kind", "runs")
    op.drop_index("ix_runs_status", "runs")
    if op.get_bind().dialect.name == "postgresql" and _has_trigrams():
        for name, (table, column) in _SEARCHED.items():
            op.execute(
                f"CREATE INDEX {name} ON {table} USING gin (lower({column}) public.gin_trgm_ops)"
            )


def downgrade() -> None:
    """Go back to the indexes of before."""
    if op.get_bind().dialect.name == "postgresql":
        for name in _SEARCHED:
            op.execute(f"DROP INDEX IF EXISTS {name}")
    op.create_index("ix_runs_status", "runs", ["status"])
    op.create_index("ix_runs_kind", "runs", ["kind"])
    for name in _SORTED:
        op.drop_index(name, "runs")


def _has_trigrams() -> bool:
    """Install PostgreSQL's own extension; where that is not allowed, searches read all rows."""
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public"))
    except sa.exc.DBAPIError:
        return False
    return True
