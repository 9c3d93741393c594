# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
from datetime import UTC, datetime

import pytest

from agent_runner.protocol.methods import Load
from api.core.paging import PageQuery
from api.db.database import Database
from api.hosts.presence.repository import PresenceRepository
from api.hosts.presence.watched import Move
from api.hosts.repository import HostRepository
from api.hosts.targets import Contact
from api.models import Agent

pytestmark = pytest.mark.usefixtures("fleet")

LATER = datetime(2026, 2, 1, tzinfo=UTC)
LOAD = Load(0.5, 4, 2**33, 2**32, 2**40, 2**39)


@pytest.fixture
async def ids(database: Database) -> dict[str, int]:
    """Return the ids of the hosts by name."""
    async with database.unit_of_work(read_only=True) as session:
        return {m.name: m.host_id for m in await HostRepository(session).list_members()}


async def _record(database: Database, *contacts: Contact) -> list[Move]:
    async with database.unit_of_work(concurrent=True) as session:
        return await PresenceRepository(session).record_contacts(contacts, LATER)


async def _list_states(database: Database, name: str) -> list[tuple[str, str]]:
    async with database.unit_of_work(read_only=True) as session:
        rows = await PresenceRepository(session).list_states(name, PageQuery())
    return [(row.state, row.reason) for row in rows.items]


async def test_a_batch_is_written_whole(database: Database, ids: dict[str, int]) -> None:
    """Version, load and time of all that answered are stored, and what went wrong with others."""
    await _record(
        database,
        Contact(ids["web2"], "2.0.0", load=LOAD),
        Contact(ids["web1"], None, error="no route"),
    )
    async with database.unit_of_work(read_only=True) as session:
        heard = await session.get_one(Agent, ids["web2"])
        silent = await session.get_one(Agent, ids["web1"])
    assert (heard.status, heard.version, heard.last_seen_at) == ("online", "2.0.0", LATER)
    assert heard.load is not None
    assert heard.load["memory_total_bytes"] == 2**33
    assert (silent.status, silent.last_error, silent.load) == ("offline", "no route", None)


async def test_only_who_moves_enters_the_history(database: Database, ids: dict[str, int]) -> None:
    """The first failure and the first answer are noted, those after them are not."""
    lost = Contact(ids["web1"], None, error="no route")
    assert await _record(database, lost) == [Move(ids["web1"], "offline", "no route")]
    assert await _record(database, lost) == []
    await _record(database, Contact(ids["web1"], "1.0.0", load=LOAD))
    await _record(database, Contact(ids["web1"], "1.0.0", load=LOAD))
    states = await _list_states(database, "web1")
    assert states == [("online", "It answers."), ("offline", "no route")]


async def test_who_has_no_agent_is_passed_over(database: Database, ids: dict[str, int]) -> None:
    """A contact does not bring an agent back that was removed meanwhile."""
    contacts = [Contact(ids["db1"], "1.0.0"), Contact(404, "1.0.0"), Contact(ids["lonely"], "1")]
    assert await _record(database, *contacts) == []
    async with database.unit_of_work(read_only=True) as session:
        agent = await session.get_one(Agent, ids["db1"])
    assert (agent.status, agent.version) == ("not_installed", None)


async def test_two_writers_note_a_move_once(database: Database, ids: dict[str, int]) -> None:
    """Whoever is second finds that the host has moved already."""
    lost = Contact(ids["web1"], None, error="no route")
    moves = await asyncio.gather(*(_record(database, lost) for _ in range(5)))
    assert sum(map(len, moves)) == 1
    assert len(await _list_states(database, "web1")) == 1


async def test_watched_are_those_with_an_installed_agent(
    database: Database, ids: dict[str, int]
) -> None:
    """Hosts without a pinned certificate are not asked."""
    async with database.unit_of_work() as session:
        for name in ("web1", "web2", "db1"):
            (await session.get_one(Agent, ids[name])).cert_fingerprint = "ab" * 32
    async with database.unit_of_work(read_only=True) as session:
        watched = await PresenceRepository(session).list_watched()
    assert sorted((made_of.name, is_online) for made_of, is_online in watched) == [
        ("web1", True),
        ("web2", False),
    ]
