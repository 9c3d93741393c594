# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of SQLite's becomes shorter when what lay in it is gone."""

import pytest
from sqlalchemy import text

from api.core.settings import Settings
from api.db import space
from api.db.database import Database
from api.db.space import give_space_back


@pytest.fixture
def database_url() -> None:
    """Return that of SQLite: PostgreSQL's autovacuum needs no help."""


async def test_free_pages_are_given_back(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for some that are kept for what comes next; what is left can be read."""
    monkeypatch.setattr(space, "SPARE_PAGES", 100)
    file = settings.database_file
    async with database.unit_of_work() as session:
        await session.execute(text("CREATE TABLE filler (data)"))
        rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        await session.execute(
            text(f"INSERT INTO filler {rows} SELECT zeroblob(4000) FROM n")  # noqa: S608 - constant
        )
    async with database.unit_of_work() as session:
        await session.execute(text("DELETE FROM filler WHERE rowid > 10"))

    given = give_space_back(file)

    assert given > 800 * 4096
    assert give_space_back(file) == 0
    async with database.unit_of_work(read_only=True) as session:
        pages = await session.scalar(text("PRAGMA page_count"))
        left = await session.scalar(text("SELECT count(*) FROM filler"))
    assert left == 10
    assert pages is not None
    assert pages < 400


def test_no_file_is_no_error(settings: Settings) -> None:
    """Where there is no such file, nothing is given back."""
    assert give_space_back(settings.workflows_database_file) == 0
