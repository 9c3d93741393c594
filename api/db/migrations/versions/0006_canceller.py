# SPDX-License-Identifier: GPL-3.0-or-later
"""Remember who has asked to cancel a run: hosts write that into their audit logs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("runs", sa.Column("cancel_requested_by", sa.String(), nullable=True))


def downgrade() -> None:
    """Remove the column."""
    op.drop_column("runs", "cancel_requested_by")
