# SPDX-License-Identifier: GPL-3.0-or-later
"""What only holds for logs that are rows of PostgreSQL, which replicas write at once?"""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from api.db.database import Database
from api.logs.database import DatabaseLogStore
from api.logs.errors import LogGapError, LogStorageError
from api.models import LogChunk


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    """Return the engine of a database with all tables."""
    database = Database(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
    yield database.engine
    await database.close()


async def count_rows(engine: AsyncEngine) -> int:
    """Count the pieces of all logs."""
    async with engine.connect() as connection:
        return await connection.scalar(select(func.count()).select_from(LogChunk)) or 0


async def test_two_who_follow_the_same_execution_leave_one_log(engine: AsyncEngine) -> None:
    """Replicas that both believe to own an execution store its bytes once, in order."""
    log = bytes(range(256)) * 40
    stores = DatabaseLogStore(engine), DatabaseLogStore(engine)

    async def follow(store: DatabaseLogStore, step: int) -> None:
        offset = 0
        while offset < len(log):
            offset = await store.append("e1", offset, "stdout", log[offset : offset + step])

    await asyncio.gather(follow(stores[0], 97), follow(stores[1], 131))

    assert (await stores[0].read("e1", 0, len(log))).data == log


async def test_what_another_replica_wrote_is_known(engine: AsyncEngine) -> None:
    """A store whose own memory of an end is old looks again, before a piece and before a gap."""
    one, other = DatabaseLogStore(engine), DatabaseLogStore(engine)
    await one.append("e1", 0, "stdout", b"one")
    await other.append("e1", 3, "stdout", b"two")

    assert await one.append("e1", 3, "stdout", b"two") == 6
    await other.append("e1", 6, "stdout", b"three")
    assert await one.append("e1", 11, "stdout", b"!") == 12
    with pytest.raises(LogGapError, match="Read again from 12"):
        await one.append("e1", 13, "stdout", b"x")


async def test_a_removed_log_does_not_grow_on(engine: AsyncEngine) -> None:
    """A piece for a log that another replica has deleted is a gap, and no log with a hole."""
    one, other = DatabaseLogStore(engine), DatabaseLogStore(engine)
    await one.append("e1", 0, "stdout", b"one")
    await other.delete_all(["e1"])

    with pytest.raises(LogGapError):
        await one.append("e1", 3, "stdout", b"two")


async def test_small_pieces_are_joined_when_the_log_is_sealed(engine: AsyncEngine) -> None:
    """A log that came line by line is a few rows at its end, with the same bytes and types."""
    store = DatabaseLogStore(engine)
    lines = [b"line %d\n" % number for number in range(600)]
    offset = 0
    for number, line in enumerate(lines):
        offset = await store.append("e1", offset, "stderr" if number == 300 else "stdout", line)
    assert await count_rows(engine) == 600

    await asyncio.gather(store.seal("e1"), DatabaseLogStore(engine).seal("e1"))

    assert await count_rows(engine) < 10
    start = len(b"".join(lines[:300]))
    assert await store.read("e1", start, 99) == ("stderr", lines[300], offset)
    assert (await store.read("e1", 0, offset)).data == b"".join(lines[:300])
    assert (await store.read("e1", start + len(lines[300]), 12)).data == b"line 301\nlin"


async def test_a_database_that_is_gone_is_an_error_to_wait_for(postgres_url: str) -> None:
    """Whoever appends gets the error that the recorder repeats, and nobody waits for ever."""
    url = postgres_url.replace("postgresql:", "postgresql+psycopg:")
    database = Database(url.replace("/test_", "/gone_"))
    store = DatabaseLogStore(database.engine)

    with pytest.raises(LogStorageError, match="PostgreSQL's log"):
        await store.append("e1", 0, "stdout", b"x")
    with pytest.raises(LogStorageError):
        await asyncio.gather(*[store._write(f"e{n}", 0, "stdout", b"x") for n in range(3)])
    await database.close()
