# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from api.db.database import Database
from api.db.errors import DatabaseTooNewError
from api.db.migrate import migrate
from api.db.scripts import list_revisions
from api.models import Base


def _is_modelled(name: str | None, kind: str, _parents: object) -> bool:
    """Say whether the models speak of it: they have no words for PostgreSQL's search indexes."""
    return kind != "index" or not str(name).endswith(("_trigrams", "_folded"))


def _compare(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_name": _is_modelled}
    )
    return list(compare_metadata(context, Base.metadata))


async def test_the_revisions_make_what_the_models_say(database: Database) -> None:
    """After all revisions, the tables have exactly the columns and indexes of the models."""
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_compare) == []


async def test_a_database_of_the_newest_form_is_left_alone(database: Database) -> None:
    """Migrating again does nothing."""
    await migrate(database.engine)
    async with database.engine.connect() as connection:
        revision = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    assert revision == list_revisions()[-1]


async def test_a_newer_database_is_not_touched(database: Database) -> None:
    """A database that a newer version wrote is refused with what to do."""
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNewError, match=r"9999.*newer one"):
        await migrate(database.engine)


async def test_ids_of_runs_and_hosts_are_never_used_again(database: Database) -> None:
    """The highest id is not given out a second time after its row is gone."""
    async with database.engine.begin() as connection:
        for _ in range(2):
            await connection.execute(
                text(
                    "INSERT INTO runs (kind, name, spec, status, created_by, created_at)"
                    " VALUES ('command', 'true', '{}', 'pending', 'admin', '2026-01-01 00:00:00')"
                )
            )
            ids = (await connection.scalars(text("SELECT id FROM runs"))).all()
            await connection.execute(text("DELETE FROM runs"))
        assert ids == [2]


async def test_every_list_has_its_index(database: Database) -> None:
    """What lists filter and sort by is indexed."""
    wanted = {
        "hosts": {"name", "address", "created_at", "updated_at"},
        "groups": {"name"},
        "host_groups": {"group_id"},
        "group_children": {"child_id"},
        "agents": {"rpc_port", "status"},
        "runs": {"status", "kind", "idempotency_key"},
        "executions": {"run_id", "host_id", "host_name", "status"},
        "bundles": {"created_at"},
    }
    async with database.engine.connect() as connection:
        for table, columns in wanted.items():
            found = await connection.run_sync(
                lambda c, table=table: {i["column_names"][0] for i in inspect(c).get_indexes(table)}
            )
            assert columns <= found, table
