# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of runs and hosts stay after they were told, under numbers by which they are read."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TABLE = "notification_events"


def upgrade() -> None:
    """Go to this revision."""
    op.add_column(_TABLE, sa.Column("number", sa.BigInteger(), nullable=True))
    op.create_index("ix_notification_events_number", _TABLE, ["number"], unique=True)
    op.create_index(
        "ix_notification_events_untold",
        _TABLE,
        ["id"],
        sqlite_where=sa.text("number IS NULL"),
        postgresql_where=sa.text("number IS NULL"),
    )
    op.create_index("ix_notification_events_at", _TABLE, ["at"])


def downgrade() -> None:
    """Go back to the revision before, where an event that stays would be told again."""
    op.execute(sa.text("DELETE FROM notification_events WHERE number IS NOT NULL"))
    for name in ("at", "untold", "number"):
        op.drop_index(f"ix_notification_events_{name}", _TABLE)
    op.drop_column(_TABLE, "number")
