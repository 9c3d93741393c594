# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups as objects: nested, with variables; labels, metadata and secret variables of hosts."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BUILT_IN = ("all", "ungrouped")

_TEXTS = ("description", "location", "provider", "idc")
_INDEXED = ("address", "created_at", "updated_at", "revision")

_groups = sa.table(
    "groups",
    sa.column("name", sa.String()),
    sa.column("description", sa.String()),
    sa.column("variables", sa.JSON()),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("updated_at", sa.DateTime(timezone=True)),
    sa.column("revision", sa.Integer()),
)


def upgrade() -> None:
    """Go to this revision."""
    op.execute("CREATE TEMPORARY TABLE old_groups AS SELECT host_id, name FROM host_groups")
    op.drop_table("host_groups")
    _create_groups()
    _fill_groups()
    _create_host_groups()
    op.execute(
        "INSERT INTO host_groups (host_id, group_id) SELECT old_groups.host_id, groups.id "
        "FROM old_groups JOIN groups ON groups.name = old_groups.name"
    )
    op.execute("DROP TABLE old_groups")
    op.add_column("hosts", sa.Column("secret_variables_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("hosts", sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"))
    for name in _TEXTS:
        op.add_column("hosts", sa.Column(name, sa.String(), nullable=False, server_default=""))
    for name in _INDEXED:
        op.create_index(f"ix_hosts_{name}", "hosts", [name])
    op.drop_index("ix_executions_host_id", "executions")
    op.create_index("ix_executions_host_id_id", "executions", ["host_id", "id"])


def downgrade() -> None:
    """Go back to groups that are names of hosts; what else groups have is lost."""
    op.drop_index("ix_executions_host_id_id", "executions")
    op.create_index("ix_executions_host_id", "executions", ["host_id"])
    for name in _INDEXED:
        op.drop_index(f"ix_hosts_{name}", "hosts")
    for name in ("secret_variables_sealed", "labels", *_TEXTS):
        op.drop_column("hosts", name)
    op.execute(
        "CREATE TEMPORARY TABLE old_groups AS SELECT host_groups.host_id, groups.name "
        "FROM host_groups JOIN groups ON groups.id = host_groups.group_id"
    )
    for table in ("host_groups", "group_children", "groups"):
        op.drop_table(table)
    op.create_table(
        "host_groups",
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        _refer("host_groups", "host_id", "hosts"),
        sa.PrimaryKeyConstraint("host_id", "name", name="pk_host_groups"),
    )
    op.create_index("ix_host_groups_name", "host_groups", ["name"])
    op.execute("INSERT INTO host_groups (host_id, name) SELECT host_id, name FROM old_groups")
    op.execute("DROP TABLE old_groups")


def _create_groups() -> None:
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("secret_variables_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_groups_name", "groups", ["name"], unique=True)
    op.create_index("ix_groups_revision", "groups", ["revision"])
    op.create_table(
        "group_children",
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        _refer("group_children", "parent_id", "groups"),
        _refer("group_children", "child_id", "groups"),
        sa.PrimaryKeyConstraint("parent_id", "child_id", name="pk_group_children"),
    )
    op.create_index("ix_group_children_child_id", "group_children", ["child_id"])


def _fill_groups() -> None:
    found = op.get_bind().execute(sa.text("SELECT DISTINCT name FROM old_groups ORDER BY name"))
    names = [*BUILT_IN, *(name for (name,) in found if name not in BUILT_IN)]
    now = datetime.now(UTC)
    facts = {"description": "", "variables": {}, "created_at": now, "updated_at": now}
    op.bulk_insert(_groups, [{"name": name, **facts, "revision": 1} for name in names])


def _create_host_groups() -> None:
    op.create_table(
        "host_groups",
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        _refer("host_groups", "host_id", "hosts"),
        _refer("host_groups", "group_id", "groups"),
        sa.PrimaryKeyConstraint("host_id", "group_id", name="pk_host_groups"),
    )
    op.create_index("ix_host_groups_group_id", "host_groups", ["group_id"])


def _refer(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )
