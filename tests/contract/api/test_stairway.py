# SPDX-License-Identifier: GPL-3.0-or-later
"""Does each revision go up, down and up again over data, without losing what it does not own?"""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from postgres import PostgresCluster
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    DateTime,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    select,
)

from api.db.database import Database
from api.db.revisions import _make_config
from api.db.scripts import list_revisions

Rows = dict[str, dict[str, Any]]

STEPS = list(zip(["base", *list_revisions()], list_revisions(), strict=False))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/myx.db"
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres")
    name = cluster.create_database()
    yield cluster.make_url(name).replace("postgresql:", "postgresql+psycopg:")
    cluster.drop_database(name)


@pytest.fixture
async def empty_database(empty_url: str) -> AsyncIterator[Database]:
    """Return a database without tables."""
    database = Database(empty_url)
    yield database
    await database.close()


@pytest.mark.parametrize(("before", "revision"), STEPS, ids=[step[1] for step in STEPS])
async def test_a_revision_goes_up_down_and_up_over_data(
    empty_database: Database, before: str, revision: str
) -> None:
    """What was there before a revision is there after it, after going back, and again after it."""
    async with empty_database.engine.begin() as connection:
        await connection.run_sync(_walk, before, revision)


def _walk(connection: Connection, before: str, revision: str) -> None:
    config = _make_config(connection)
    if before != "base":
        command.upgrade(config, before)
        _fill(connection)
    stored = _read(connection)

    command.upgrade(config, revision)
    _assert_kept(stored, connection)
    _fill(connection)
    command.downgrade(config, before)
    _assert_kept(stored, connection)
    command.upgrade(config, revision)
    _assert_kept(stored, connection)


def _fill(connection: Connection) -> None:
    """Give each table that has none a row; the same value everywhere, so that references hold."""
    for table in _reflect(connection):
        if connection.execute(select(table)).first() is None:
            row = {column.name: _make_value(column.type) for column in table.columns}
            connection.execute(table.insert(), row)


def _read(connection: Connection) -> Rows:
    rows = {table.name: connection.execute(select(table)).first() for table in _reflect(connection)}
    return {name: dict(row._mapping) for name, row in rows.items() if row is not None}


def _assert_kept(stored: Rows, connection: Connection) -> None:
    """Compare the columns that are there before and after; a dropped one is the revision's wish."""
    now = _read(connection) if stored else {}
    for table, row in stored.items():
        assert table in now, f"the row of {table} is gone"
        both = row.keys() & now[table].keys()
        assert {name: row[name] for name in both} == {name: now[table][name] for name in both}


def _reflect(connection: Connection) -> list[Table]:
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def _make_value(kind: Any) -> Any:
    if isinstance(kind, String):
        return "x"
    if isinstance(kind, DateTime):
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        return moment if kind.timezone else moment.replace(tzinfo=None)
    if isinstance(kind, JSON):
        return {"a": [1]}
    if isinstance(kind, LargeBinary):
        return b"x"
    if isinstance(kind, Boolean):
        return False
    return 1.0 if isinstance(kind, Numeric) else 1
