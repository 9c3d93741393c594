# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a search in the names of runs find what it should, by the indexes that are there for it?"""

from typing import Any

import pytest
from sqlalchemy import event, text

from api.db.database import Database
from api.models import Run
from api.runs.repository import RunsRepository
from api.runs.schemas import RunQuery

from .conftest import NOW

NAMES = ["site.yml", "Site_2.yml", "deploy 100%.yml", "a/b.yml", "ÄRGER.yml"]

MANY = 1000


async def _add(database: Database, names: list[str]) -> None:
    about = {"kind": "playbook", "spec": {}, "status": "successful", "created_by": "admin"}
    async with database.unit_of_work() as session:
        session.add_all(Run(name=name, created_at=NOW, **about) for name in names)


async def _search(database: Database, part: str, page_size: int = 50) -> tuple[list[str], int]:
    async with database.unit_of_work(read_only=True) as session:
        query = RunQuery(search=part, page_size=page_size, order_by="id")
        found = await RunsRepository(session).list_page(query)
    return [run.name for run in found.items], found.count


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("SITE", ["site.yml", "Site_2.yml"]),
        ("_", ["Site_2.yml"]),
        ("0%", ["deploy 100%.yml"]),
        ("a/b", ["a/b.yml"]),
        ("ÄRGER", ["ÄRGER.yml"]),
        ("nothing", []),
    ],
)
async def test_a_part_is_found_in_whatever_case(
    database: Database, part: str, expected: list[str]
) -> None:
    """No character of the part is special."""
    await _add(database, NAMES)
    assert await _search(database, part) == (expected, len(expected))


@pytest.mark.parametrize(
    ("unwanted", "index"),
    [
        ("enable_indexonlyscan", "ix_runs_name_trigrams"),
        ("enable_bitmapscan", "ix_runs_name_folded"),
    ],
)
async def test_postgresql_counts_what_is_found_in_an_index(
    database: Database, unwanted: str, index: str
) -> None:
    """A rare part is looked up, a frequent one counted without reading the rows."""
    engine = database.engine
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has neither index")
    await _add(database, ["site.yml"] * MANY)
    counts: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "count(*)" in statement:
            counts.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    assert await _search(database, "Site", page_size=1) == (["site.yml"], MANY)
    [(statement, parameters)] = counts
    async with engine.begin() as connection:
        if await connection.scalar(text("SELECT to_regclass(:name)"), {"name": index}) is None:
            pytest.skip("PostgreSQL's extension pg_trgm is not installed")
        await connection.execute(text("ANALYZE runs"))
        for setting in (unwanted, "enable_seqscan"):
            await connection.execute(text(f"SET LOCAL {setting} = off"))
        plan = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        assert index in "\n".join(row[0] for row in plan)
