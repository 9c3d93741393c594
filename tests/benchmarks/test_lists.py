# SPDX-License-Identifier: GPL-3.0-or-later
"""How long do lists take when there is much to list? Over HTTP, in one process, on both databases.

``MYX_BENCH_PLANS=FILE`` writes the query plans of every request there.
"""

import os
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from large_fleet import Size, fill
from postgres import PostgresCluster, find_programs
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine

from api.composition import Composition
from api.core.log_setup import configure_logging
from api.core.settings import Settings, load_settings
from api.db.migrate import upgrade
from api.main import create_app

SIZES = {
    "sqlite": Size(hosts=1_000, runs=10_000, events=500_000),
    "postgresql": Size(hosts=10_000, runs=100_000, events=5_000_000),
}

REQUESTS = 100
"""Requests of each kind, after some to warm up."""

LIMIT_MS = 100

PATHS = [
    "/hosts",
    "/hosts?page={host_page}",
    "/hosts?order_by=-updated_at",
    "/hosts?order_by=address&page={host_page}",
    "/hosts?group=group{group}",
    "/hosts?pattern=group{group}:%26group{group}",
    "/hosts?label=env%3Dprod&page={host_page}",
    "/hosts?state=offline",
    "/hosts?state=failed",
    "/hosts?search=host1{group}",
    "/hosts?search=host",
    "/hosts/host{host}",
    "/groups",
    "/runs",
    "/runs?page={run_page}",
    "/runs?order_by=-created_at",
    "/runs?order_by=name&page={run_page}",
    "/runs?status=failed",
    "/runs?status=failed&page={failed_page}",
    "/runs?status=running",
    "/runs?kind=command&order_by=-created_at",
    "/runs?host=host{host}",
    "/runs?search=book-{group}",
    "/runs?search=nothing-has-this",
    "/runs?search=playbook",
    "/runs/{small_run}",
    "/runs/{big_run}",
    "/runs/{small_run}/executions",
    "/runs/{big_run}/executions",
    "/runs/{big_run}/executions?page=10&page_size=100",
    "/runs/{big_run}/executions?status=failed&order_by=-started_at",
    "/executions/{execution}",
    "/executions/{execution}/events",
    "/executions/{execution}/events?after=10&limit=5",
    "/executions/{execution}/log",
]


class NoEngine:
    """Stands for the durable engine: nothing runs while lists are measured."""

    async def open(self, *_arguments: object) -> None:
        """Have nothing to resume."""

    async def close(self) -> None:
        """Have nothing to stop."""


@pytest.fixture(params=sorted(SIZES))
def size(request: pytest.FixtureRequest) -> tuple[str, Size]:
    """Return the database's name and how much it holds."""
    return request.param, SIZES[request.param]


@pytest.fixture
def settings(size: tuple[str, Size], tmp_path: Path) -> Iterator[Settings]:
    """Return settings of a database that is full."""
    name, rows = size
    cluster, url = None, None
    if name == "postgresql":
        programs = find_programs()
        if programs is None:
            pytest.skip("PostgreSQL's server is not installed")
        cluster = PostgresCluster(programs, shared_buffers="256MB", max_wal_size="4GB")
        url = cluster.make_url(cluster.create_database())
    (tmp_path / "data").mkdir()
    made = load_settings(
        data_dir=tmp_path / "data",
        content_dir=tmp_path / "content",
        database_url=url,
        # What is listed is of long ago.
        retention_every_s=0,
    )
    began = time.perf_counter()
    engine = create_engine(made.sqlalchemy_url.replace("+aiosqlite", ""))
    with engine.begin() as connection:
        upgrade(connection)
        fill(connection, rows)
    if cluster is not None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()
    _print(f"{name}: {rows} made in {time.perf_counter() - began:.0f} s")
    yield made
    if cluster is not None:
        cluster.close()


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """Return the application on that database."""
    composition = Composition(settings)
    composition._conductor._engine = NoEngine()
    composition._make_replica = lambda: None
    configure_logging("warning", "console")
    created = create_app(settings, composition)
    async with created.router.lifespan_context(created):
        yield created


@pytest.fixture
async def client(app: FastAPI, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client with the admin's token."""
    token = settings.admin_token_file.read_text().strip()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://myx/api/v1",
        headers={"Authorization": f"Bearer {token}"},
    ) as opened:
        yield opened


async def test_every_list_stays_quick(
    size: tuple[str, Size], app: FastAPI, client: httpx.AsyncClient
) -> None:
    """Whatever is listed, filtered, sorted or searched for: 99 of 100 answers within the limit."""
    plans = _Plans(app.state.composition.database.engine.sync_engine)
    slow = []
    _print(f"{'p50 ms':>8} {'p99 ms':>8}  path")
    for path in PATHS:
        took = []
        for number in range(REQUESTS + 10):
            concrete = path.format(**_choose(size[1]))
            plans.record(concrete if number == 0 else None)
            began = time.perf_counter()
            answer = await client.get(concrete)
            if number >= 10:
                took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (concrete, answer.text)
        took.sort()
        p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99) - 1]
        _print(f"{p50:8.1f} {p99:8.1f}  {path}")
        if p99 > LIMIT_MS:
            slow.append((path, round(p99)))
    plans.write()
    assert not slow, f"p99 over {LIMIT_MS} ms on {size[0]}: {slow}"


def _choose(size: Size) -> dict[str, Any]:
    small_runs = size.runs - 100
    execution = random.randrange(1, size.events // 20)  # noqa: S311 - no secret
    return {
        "host": random.randrange(1, size.hosts),  # noqa: S311 - as above
        "host_page": random.randrange(1, size.hosts // 50),  # noqa: S311 - as above
        "group": random.randrange(1, 100),  # noqa: S311 - as above
        "run_page": random.randrange(1, size.runs // 50),  # noqa: S311 - as above
        "failed_page": random.randrange(1, size.runs // 500),  # noqa: S311 - as above
        "small_run": random.randrange(1, small_runs),  # noqa: S311 - as above
        "big_run": random.randrange(small_runs + 1, size.runs),  # noqa: S311 - as above
        "execution": f"{10_000_000 + execution}-0000-7000-8000-000000000000",
    }


class _Plans:
    """Remembers the statements of requests, and writes down how the database answers them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statements: list[tuple[str, str, Any]] = []
        self._path: str | None = None
        event.listen(engine, "before_cursor_execute", self._note)

    def record(self, path: str | None) -> None:
        """Remember the statements of a request from now on; None for no more."""
        self._path = path

    def write(self) -> None:
        """Write the plans to the file that MYX_BENCH_PLANS names."""
        target = PLANS_FILE
        if not target:
            return
        self._path = None
        url = self._engine.url
        engine = create_engine(url.set(drivername=url.drivername.replace("+aiosqlite", "")))
        is_sqlite = engine.dialect.name == "sqlite"
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN (ANALYZE, TIMING OFF)"
        with Path(target).open("a") as out, engine.connect() as connection:
            for path, statement, parameters in self._statements:
                out.write(f"\n=== {engine.dialect.name} {path}\n{statement}\n")
                rows = connection.exec_driver_sql(f"{explain} {statement}", parameters)
                out.writelines(f"    {row[-1]}\n" for row in rows)
        engine.dispose()

    def _note(self, _c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if self._path is not None and statement.lstrip().startswith(("SELECT", "WITH")):
            self._statements.append((self._path, statement, parameters))


PLANS_FILE = os.environ.get("MYX_BENCH_PLANS")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
