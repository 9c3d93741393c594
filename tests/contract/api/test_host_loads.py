# SPDX-License-Identifier: GPL-3.0-or-later
"""How busy hosts were: written once in five minutes, told in steps, within a scope."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from manual_clock import ManualClock
from sqlalchemy import func, select

from api.auth.scopes import EVERYTHING, Reach, Scope
from api.db.database import Database
from api.hosts.errors import HostNotFoundError
from api.hosts.loads.repository import LoadRepository
from api.hosts.loads.sample import Sample
from api.hosts.loads.schemas import Level, LoadHistory, LoadQuery
from api.hosts.loads.service import MAX_STEPS, LoadService
from api.hosts.repository import HostRepository
from api.models import Host, HostLoad
from api.models.fleet.host_load import number_slot

pytestmark = pytest.mark.usefixtures("fleet")

START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
SLOT = number_slot(START)
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
WEB_ONLY = Scope((Reach(groups=frozenset({"web"})),))


@pytest.fixture
async def ids(database: Database) -> dict[str, int]:
    """Return the ids of the hosts by name."""
    async with database.unit_of_work(read_only=True) as session:
        return {m.name: m.host_id for m in await HostRepository(session).list_members()}


async def _record(database: Database, *samples: Sample) -> None:
    async with database.unit_of_work(concurrent=True) as session:
        await LoadService(LoadRepository(session), ManualClock()).record_samples(samples)


async def _read(
    database: Database, name: str, query: LoadQuery, scope: Scope = EVERYTHING
) -> LoadHistory:
    async with database.unit_of_work(read_only=True) as session:
        service = LoadService(LoadRepository(session, scope), ManualClock())
        return await service.read_history(name, query)


async def _count(database: Database) -> int:
    async with database.unit_of_work(read_only=True) as session:
        return await session.scalar(select(func.count()).select_from(HostLoad)) or 0


async def test_each_sample_is_a_point(database: Database, ids: dict[str, int]) -> None:
    """As it was measured, in order of time, and of this host alone; what was not heard is left."""
    await _record(
        database,
        Sample(ids["web2"], SLOT, 900, 900, 900),
        Sample(ids["web1"], SLOT + 3, 4, 1000, 0),
        Sample(ids["web1"], SLOT, 125, 333, 1),
        Sample(ids["web1"], SLOT - 1, 1, 1, 1),
        Sample(ids["web1"], SLOT + 12, 1, 1, 1),
    )
    told = await _read(database, "web1", LoadQuery(since=START, until=START + HOUR))
    assert (told.since, told.until, told.step_s) == (START, START + HOUR, 300)
    first, second = told.points
    assert (first.at, second.at) == (START, START + timedelta(minutes=15))
    assert first.load_1m == Level(mean=1.25, max=1.25)
    assert first.memory_used_percent == Level(mean=33.3, max=33.3)
    assert first.disk_used_percent == Level(mean=0.1, max=0.1)
    assert second.memory_used_percent.max == 100


async def test_a_long_time_is_told_in_few_steps(database: Database, ids: dict[str, int]) -> None:
    """Mean and highest of six samples make one point of a week."""
    high = [Sample(ids["web1"], SLOT + number, 100 * number, 0, 0) for number in range(7)]
    await _record(database, *high)
    told = await _read(database, "web1", LoadQuery(since=START, until=START + WEEK))
    assert (told.step_s, told.until) == (1800, START + WEEK)
    assert [point.at for point in told.points] == [START, START + timedelta(minutes=30)]
    assert [point.load_1m for point in told.points] == [
        Level(mean=2.5, max=5),
        Level(mean=6, max=6),
    ]


@pytest.mark.parametrize("days", [0.0001, 1, 1.39, 1.4, 30, 365.25, 3650])
async def test_an_answer_is_bounded(database: Database, days: float) -> None:
    """However long the time, it is covered, in 400 steps at most."""
    end = START + timedelta(days=days)
    told = await _read(database, "web1", LoadQuery(since=START, until=end))
    assert told.since <= START < end <= told.until
    assert (told.until - told.since) / timedelta(seconds=told.step_s) <= MAX_STEPS


async def test_what_is_not_said_is_the_last_day(database: Database, ids: dict[str, int]) -> None:
    """It ends now; a time that is to come has no points."""
    now = ManualClock().now()
    await _record(database, Sample(ids["web1"], number_slot(now) - 1, 1, 1, 1))
    told = await _read(database, "web1", LoadQuery())
    assert told.until - told.since <= timedelta(days=1, minutes=10)
    assert len(told.points) == 1
    assert (await _read(database, "web1", LoadQuery(since=now + WEEK))).points == []


async def test_the_first_sample_stays(database: Database, ids: dict[str, int]) -> None:
    """Replicas that ask the same host for a moment write one sample, whoever comes first."""
    await asyncio.gather(
        *(_record(database, Sample(ids["web1"], SLOT, 1, 1, 1)) for _ in range(5)),
    )
    await _record(
        database, Sample(ids["web1"], SLOT, 200, 1, 1), Sample(ids["web2"], SLOT, 1, 1, 1)
    )
    assert await _count(database) == 2
    told = await _read(database, "web1", LoadQuery(since=START, until=START + HOUR))
    assert told.points[0].load_1m.max == 0.01


async def test_who_has_no_agent_is_passed_over(database: Database, ids: dict[str, int]) -> None:
    """A host that was removed meanwhile, or its agent, spoils no batch."""
    unknown = (ids["db1"], ids["lonely"], 404)
    await _record(database, *(Sample(each, SLOT, 1, 1, 1) for each in (*unknown, ids["web1"])))
    await _record(database)
    assert await _count(database) == 1


async def test_samples_go_with_their_host(database: Database, ids: dict[str, int]) -> None:
    """Nothing is left of a host that was removed."""
    await _record(database, *(Sample(ids[name], SLOT, 1, 1, 1) for name in ("web1", "web2")))
    async with database.unit_of_work() as session:
        await session.delete(await session.get_one(Host, ids["web1"]))
    assert await _count(database) == 1


async def test_the_load_ends_with_the_scope(database: Database) -> None:
    """Who sees the group web cannot tell other hosts from those that there are not."""
    assert (await _read(database, "web1", LoadQuery(), WEB_ONLY)).points == []
    for name, scope in (("db1", WEB_ONLY), ("unknown", EVERYTHING)):
        with pytest.raises(HostNotFoundError):
            await _read(database, name, LoadQuery(), scope)
