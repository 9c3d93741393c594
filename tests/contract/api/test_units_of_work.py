# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, StatementError

from api.core.settings import Settings
from api.db import database as database_module
from api.db.database import Database
from api.db.errors import DatabaseBusyError
from api.models import Bundle, HostGroup


def _bundle(digest: str, created_at: datetime | None = None) -> Bundle:
    return Bundle(
        digest=digest,
        size_bytes=10 * 2**30,
        files=1,
        origin="upload",
        created_at=created_at or datetime(2026, 1, 1, tzinfo=UTC),
    )


async def _count(database: Database) -> int:
    async with database.unit_of_work(read_only=True) as session:
        return await session.scalar(select(func.count()).select_from(Bundle)) or 0


async def test_a_unit_of_work_commits_at_its_end(database: Database) -> None:
    """What was written is there for the next one, and large numbers fit."""
    async with database.unit_of_work() as session:
        session.add(_bundle("a"))
    async with database.unit_of_work(read_only=True) as session:
        stored = await session.get(Bundle, "a")
        assert stored is not None
        assert stored.size_bytes == 10 * 2**30


async def test_a_unit_of_work_that_raises_leaves_nothing(database: Database) -> None:
    """An error in the block takes everything back and goes on to the caller."""
    with pytest.raises(RuntimeError, match=r"in the middle"):  # noqa: PT012 - the block is the unit
        async with database.unit_of_work() as session:
            session.add(_bundle("a"))
            await session.flush()
            raise RuntimeError("in the middle")
    assert await _count(database) == 0


async def test_writers_queue(database: Database) -> None:
    """Units of work that read and then write never take each other's ground."""

    async def increase() -> None:
        async with database.unit_of_work() as session:
            stored = await session.get_one(Bundle, "a")
            stored.files += 1

    async with database.unit_of_work() as session:
        session.add(_bundle("a"))
    await asyncio.gather(*[increase() for _ in range(50)])
    async with database.unit_of_work(read_only=True) as session:
        assert (await session.get_one(Bundle, "a")).files == 51


async def test_writers_of_two_replicas_queue(database: Database, settings: Settings) -> None:
    """Processes on the same database take turns too: none writes over what another wrote."""
    other = Database(settings.sqlalchemy_url)

    async def increase(opened: Database) -> None:
        async with opened.unit_of_work() as session:
            stored = await session.get_one(Bundle, "a")
            stored.files += 1

    async with database.unit_of_work() as session:
        session.add(_bundle("a"))
    await asyncio.gather(*[increase(opened) for _ in range(20) for opened in (database, other)])
    await other.close()
    async with database.unit_of_work(read_only=True) as session:
        assert (await session.get_one(Bundle, "a")).files == 41


async def test_a_reader_cannot_write(database: Database) -> None:
    """PostgreSQL refuses a write in a unit of work that said it would only read."""
    if database.is_sqlite:
        pytest.skip("SQLite knows no transaction that only reads")
    with pytest.raises(DBAPIError, match=r"read-only"):
        async with database.unit_of_work(read_only=True) as session:
            session.add(_bundle("a"))


async def test_a_lock_that_is_not_given_back_is_an_error(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer of another process that does not end lets this one give up, to be tried again."""
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.1)
    other = Database(settings.sqlalchemy_url)
    async with database.unit_of_work():
        with pytest.raises(DatabaseBusyError):
            async with other.unit_of_work():
                pytest.fail("two writers at once")
    await other.close()


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    """While one writes, others read what was there before."""
    async with database.unit_of_work() as session:
        session.add(_bundle("a"))
        await session.flush()
        assert await _count(database) == 0
    assert await _count(database) == 1


async def test_a_writer_does_not_wait_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a unit of work that does not end, the next gives up with a retryable error."""
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.01)
    async with database.unit_of_work():
        with pytest.raises(DatabaseBusyError) as caught:
            async with database.unit_of_work():
                pytest.fail("two writers at once")
    assert caught.value.retryable


async def test_times_keep_their_moment(database: Database) -> None:
    """A time in any zone comes back as the same moment in UTC."""
    elsewhere = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    async with database.unit_of_work() as session:
        session.add(_bundle("a", elsewhere))
    async with database.unit_of_work(read_only=True) as session:
        stored = (await session.get_one(Bundle, "a")).created_at
    assert stored == elsewhere
    assert stored.tzinfo is UTC


async def test_a_time_without_zone_is_refused(database: Database) -> None:
    """A naive time is a mistake of ours and is not stored."""
    with pytest.raises(StatementError, match=r"without zone"):
        async with database.unit_of_work() as session:
            session.add(_bundle("a", datetime(2026, 1, 1)))  # noqa: DTZ001 - the mistake


async def test_foreign_keys_hold(database: Database) -> None:
    """A row that refers to nothing is refused."""
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        async with database.unit_of_work() as session:
            session.add(HostGroup(host_id=404, group_id=1))
