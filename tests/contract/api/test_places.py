# SPDX-License-Identifier: GPL-3.0-or-later
"""Places are counted where they are taken, so that no two who ask at once get the same one."""

import asyncio
from typing import Any

import pytest
from manual_clock import ManualClock

from api.db.database import Database
from api.executions.places import Claim, PlaceLimit
from api.executions.repository import ExecutionsRepository
from api.executions.service import ExecutionsService
from api.logs.memory import MemoryLogStore
from api.models import Execution, Run

from .conftest import NOW

KINDS = frozenset({"playbook", "command"})
EVERYWHERE = PlaceLimit(KINDS, 3)
ON_HOST = PlaceLimit(frozenset({"command"}), 1)

pytestmark = pytest.mark.usefixtures("fleet")


@pytest.fixture
async def pending(database: Database) -> list[str]:
    """Store executions of commands on three hosts in turn; return their ids."""
    ids = [f"e{number}" for number in range(9)]
    facts: dict[str, Any] = {"created_at": NOW, "status": "pending"}
    async with database.unit_of_work() as session:
        for run_id, kind in ((1, "command"), (2, "install")):
            session.add(Run(id=run_id, kind=kind, name="x", spec={}, created_by="admin", **facts))
        await session.flush()
        for number, id_ in enumerate(ids):
            host_id = 1 + number % 3
            session.add(Execution(id=id_, run_id=1, host_id=host_id, host_name="h", **facts))
        running = {**facts, "status": "running"}
        session.add(Execution(id="i1", run_id=2, host_id=1, host_name="h", **running))
    return ids


async def claim(database: Database, *claims: Claim) -> tuple[set[str], dict[str, str]]:
    """Ask for places as one replica; return what was started, and why the others were not."""
    async with database.unit_of_work(concurrent=True) as session:
        service = ExecutionsService(ExecutionsRepository(session), MemoryLogStore(), ManualClock())
        started, refused = await service.claim_places(claims)
    return set(started), dict(refused)


def make_claim(execution_id: str, on_host: PlaceLimit | None = None) -> Claim:
    """Claim a place for a command."""
    host_id = 1 + int(execution_id[1:]) % 3
    return Claim(execution_id, "command", host_id, EVERYWHERE, on_host)


async def test_places_are_taken_once(database: Database, pending: list[str]) -> None:
    """However many ask at once, from wherever: no more are started than there are places."""
    answers = await asyncio.gather(*(claim(database, make_claim(id_)) for id_ in pending))

    assert sum(len(started) for started, _ in answers) == EVERYWHERE.most
    assert [why for _, refused in answers for why in refused.values()] == ["full"] * 6


async def test_a_host_takes_as_many_as_it_may(database: Database, pending: list[str]) -> None:
    """What runs there counts, of the kinds that count together; other hosts are not concerned."""
    assert await claim(database, make_claim("e0", ON_HOST)) == ({"e0"}, {})
    answer = await claim(database, *(make_claim(id_, ON_HOST) for id_ in ("e3", "e1", "e4")))
    assert answer == ({"e1"}, {"e3": "host_full", "e4": "host_full"})
    assert await claim(database, make_claim("e3")) == ({"e3"}, {})
    assert len(pending) == 9


async def test_an_end_frees_its_place(database: Database, pending: list[str]) -> None:
    """And what is not pending any more is neither started nor refused."""
    await claim(database, *map(make_claim, pending))
    async with database.unit_of_work() as session:
        (await session.get_one(Execution, "e0")).status = "successful"

    assert await claim(database, make_claim("e0"), make_claim("e8")) == (set(), {"e8": "full"})
    assert await claim(database, make_claim("e8")) == ({"e8"}, {})
