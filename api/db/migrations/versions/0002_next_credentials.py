# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the next credentials of an agent beside those of now, while they are rotated."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("next_token_sealed", sa.LargeBinary()),
    ("next_secret_key_sealed", sa.LargeBinary()),
    ("credentials_rotated_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    """Add the columns."""
    for name, kind in _COLUMNS:
        op.add_column("agents", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Remove the columns; a rotation that was not finished is forgotten."""
    for name, _ in _COLUMNS:
        op.drop_column("agents", name)
