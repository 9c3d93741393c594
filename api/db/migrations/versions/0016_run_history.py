# SPDX-License-Identifier: GPL-3.0-or-later
"""How runs went over time is read from an index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ENDED = sa.text("finished_at IS NOT NULL")


def upgrade() -> None:
    """Hold of each run that has ended when, how and after which start."""
    op.create_index(
        "ix_runs_ended",
        "runs",
        ["finished_at", "status", "started_at"],
        sqlite_where=_ENDED,
        postgresql_where=_ENDED,
    )


def downgrade() -> None:
    """Forget it: it is made of runs again."""
    op.drop_index("ix_runs_ended", "runs")
