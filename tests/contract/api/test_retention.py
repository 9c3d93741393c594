# SPDX-License-Identifier: GPL-3.0-or-later
"""Retention removes what is old, all of it, and nothing else; on both databases alike."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from old_runs import KEEP_ALL, NOW, OldRuns, keep
from sqlalchemy import text

from api.core.settings import Settings
from api.db.database import Database
from api.models import (
    Agent,
    Event,
    Execution,
    Host,
    HostLoad,
    HostState,
    NotificationEvent,
    Run,
    Schedule,
    Webhook,
    WebhookDelivery,
)
from api.models.fleet.host_load import number_slot
from api.process_parts import open_logs
from api.retention import sweep
from api.retention.removed import Removed


@pytest.fixture
def old(database: Database, settings: Settings) -> OldRuns:
    """Return what writes old runs, with the store of logs that goes with the database."""
    return OldRuns(database, open_logs(settings, database))


async def _add(database: Database, *rows: Any) -> None:
    async with database.unit_of_work() as session:
        for row in rows:
            session.add(row)
            await session.flush()


async def test_an_old_run_goes_with_everything_of_it(old: OldRuns) -> None:
    """Its executions, logs and events go too, and what is younger stays whole."""
    _, gone = await old.add(10, hosts=3)
    run_id, [kept] = await old.add(9)

    removed = await old.sweep(keep(runs=9.5))

    assert removed == Removed(runs=1, executions=3, logs=3, log_bytes=15, events=6)
    assert await old.list_ids(Run.id) == [run_id]
    assert await old.list_ids(Execution.id) == [kept]
    assert await old.list_ids(Event.execution_id) == [kept, kept]
    assert await old.logs.sizes([*gone, kept]) == dict.fromkeys(gone, 0) | {kept: 5}


async def test_a_log_and_events_go_before_their_run(old: OldRuns) -> None:
    """The execution stays and says since when they are gone, and how long the log was."""
    _, [execution_id] = await old.add(10)
    await old.add(4)

    removed = await old.sweep(keep(logs=5, events=5))

    assert removed == Removed(logs=1, log_bytes=5, events=2)
    async with old.database.unit_of_work(read_only=True) as session:
        row = await session.get_one(Execution, execution_id)
    assert (row.log_removed_at, row.log_bytes) == (NOW, 5)
    assert row.events_removed_at is not None
    assert await old.logs.size(execution_id) == 0
    assert not await old.sweep(keep(logs=5, events=5))


async def test_of_too_many_logs_the_oldest_go(old: OldRuns) -> None:
    """As many as it takes, one more rather than one too few; what has just ended stays."""
    ids = [(await old.add(days, log=b"x" * 100))[1][0] for days in (1, 4, 3, 2, 0.01)]

    assert (await old.sweep(keep(logs_max_bytes=250))).log_bytes == 300
    assert [await old.logs.size(each) for each in ids] == [100, 0, 0, 0, 100]
    assert not await old.sweep(keep(logs_max_bytes=200))
    assert (await old.sweep(keep(logs_max_bytes=1))).log_bytes == 100
    assert await old.logs.size(ids[-1]) == 100


@pytest.mark.parametrize(
    ("run", "execution"),
    [
        ({"status": "running", "finished_at": None}, {"status": "running", "finished_at": None}),
        ({"status": "running", "finished_at": None}, {"status": "successful"}),
    ],
)
async def test_what_has_not_ended_stays(
    old: OldRuns, run: dict[str, Any], execution: dict[str, Any]
) -> None:
    """A run that goes on keeps the logs and events of those hosts too that are through."""
    _, [execution_id] = await old.add(10, **run, execution=execution)
    limits = keep(runs=1, logs=1, events=1, logs_max_bytes=1)

    assert not await old.estimate(limits)
    assert not await old.sweep(limits)
    assert await old.logs.size(execution_id) == 5


@pytest.mark.usefixtures("fleet")
async def test_what_a_late_end_may_correct_stays(old: OldRuns) -> None:
    """A lost execution is kept whole while its host is known, and its whole run with it."""
    [host_id, *_] = await old.list_ids(Host.id)
    lost = {"status": "lost", "acknowledged": False, "host_id": host_id}
    await old.add(10, hosts=2, status="lost", execution=lost)
    limits = keep(runs=1, logs=1, events=1)
    assert not await old.sweep(limits)

    async with old.database.unit_of_work() as session:
        await session.execute(text("DELETE FROM hosts"))
    assert (await old.sweep(limits)).runs == 1


async def test_what_triggers_still_need_stays(old: OldRuns) -> None:
    """The last run of a schedule stays, and that of a delivery that is not settled."""
    facts: dict[str, Any] = {
        "owner_name": "admin", "created_at": NOW, "updated_at": NOW, "request_sealed": b"x",
    }  # fmt: skip
    last, _ = await old.add(10)
    schedule = Schedule(
        name="s", timezone="UTC", missed="skip", grace_s=0, overlap="skip", last_run_id=last,
        **facts,
    )  # fmt: skip
    hook = Webhook(
        name="w", scheme="myx", matchers=[], variables=[], is_enabled=True, refused_count=0,
        secrets_sealed=b"x", **facts,
    )  # fmt: skip
    delivery = WebhookDelivery(
        delivery_key="k", received_at=NOW - timedelta(days=10), address="", size_bytes=1,
        outcome="pending", webhook_id=1,
    )  # fmt: skip
    await _add(old.database, schedule, hook, delivery)
    open_run, _ = await old.add(10, idempotency_key=f"webhook/{hook.id}/{delivery.id}")
    await old.add(10, idempotency_key="webhook/1/999")

    assert (await old.estimate(keep(runs=1))).runs == 1
    assert (await old.sweep(keep(runs=1))).runs == 1
    assert await old.list_ids(Run.id) == [last, open_run]


@pytest.mark.usefixtures("fleet")
async def test_old_deliveries_states_and_secrets_go(old: OldRuns) -> None:
    """Of a host's states the one that it is in stays, however old."""
    [first, second, *_] = await old.list_ids(Host.id)
    facts: dict[str, Any] = {"state": "online", "reason": ""}
    states = [(first, 9), (first, 8), (second, 9), (first, 1)]
    await _add(
        old.database,
        *(HostState(host_id=id_, at=NOW - timedelta(days=days), **facts) for id_, days in states),
    )
    await old.add(10, secrets_sealed=b"sealed")
    limits = keep(host_states=5, deliveries=5, secrets=5)

    assert await old.estimate(limits) == Removed(host_states=2, secrets=1)
    assert await old.sweep(limits) == Removed(host_states=2, secrets=1)
    assert await old.list_ids(HostState.host_id) == [first, second]


@pytest.mark.usefixtures("fleet")
async def test_old_samples_of_load_go(old: OldRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of before, of every host, however small a step is; the first that may stay stays."""
    monkeypatch.setattr(sweep, "LOADS_AT_ONCE", 2)
    facts = {"load_hundredths": 1, "memory_permille": 2, "disk_permille": 3}
    hosts = (await old.list_ids(Agent.host_id))[:2]
    kept = number_slot(NOW - timedelta(days=5))
    rows = [
        HostLoad(host_id=host_id, slot=kept + later, **facts)
        for host_id in hosts
        for later in (-9, -1, 0, 1)
    ]
    await _add(old.database, *rows)
    limits = keep(host_loads=5)

    assert await old.estimate(limits) == Removed(host_loads=4)
    assert await old.sweep(limits) == Removed(host_loads=4)
    assert await old.list_ids(HostLoad.slot) == [kept, kept, kept + 1, kept + 1]
    assert not await old.sweep(limits)


async def test_old_events_go_once_they_were_told(old: OldRuns) -> None:
    """The newest stays, however old: numbers go on behind it. So does what was not told yet."""
    facts: dict[str, Any] = {"event": "run_started", "run_id": 1, "facts": {}}
    ages = [(10, 1), (9, 2), (9, None), (8, 3)]
    await _add(
        old.database,
        *(
            NotificationEvent(at=NOW - timedelta(days=days), number=number, **facts)
            for days, number in ages
        ),
    )
    limits = keep(deliveries=5)

    assert await old.estimate(limits) == Removed(deliveries=2)
    assert await old.sweep(limits) == Removed(deliveries=2)
    assert await old.list_ids(NotificationEvent.id) == [3, 4]
    assert not await old.sweep(limits)


async def test_nothing_goes_where_everything_is_kept(old: OldRuns) -> None:
    """Without a limit even the oldest stays."""
    await old.add(9_000)
    assert not await old.estimate(KEEP_ALL)
    assert not await old.sweep(KEEP_ALL)


async def test_many_small_steps_are_one_whole(
    old: OldRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small a step is, in the end everything is gone, and it was counted once."""
    monkeypatch.setattr(sweep, "EXECUTIONS_AT_ONCE", 2)
    monkeypatch.setattr(sweep, "EVENTS_AT_ONCE", 3)
    monkeypatch.setattr(sweep, "ROWS_AT_ONCE", 1)
    for _ in range(3):
        await old.add(10, hosts=3)
    await old.add(10, hosts=1, events=8)
    await old.add(10, hosts=0)
    await old.add(3, hosts=1, events=8)

    wanted = await old.estimate(keep(runs=5, events=2))
    removed = await old.sweep(keep(runs=5, events=2))

    assert removed == Removed(runs=5, executions=10, logs=10, log_bytes=50, events=34)
    assert removed == wanted
    assert await old.list_ids(Event.counter) == []


async def test_two_that_sweep_at_once_remove_each_thing_once(old: OldRuns) -> None:
    """What they say that they removed adds up to what there was, and no more went."""
    for days in range(10, 40):
        await old.add(days, hosts=2, log=b"x" * 100)
    limits = keep(runs=35, logs=30, events=25, logs_max_bytes=1000)

    wanted = await old.estimate(limits)
    removed = await asyncio.gather(*(old.sweep(limits) for _ in range(3)))

    assert sum(removed, start=Removed()) == wanted
    assert wanted.log_bytes == 30 * 2 * 100 - 1000


async def test_a_sweep_that_was_cut_off_is_made_up_for(old: OldRuns) -> None:
    """Where the log went and the row was not marked, the next sweep marks it."""
    _, [execution_id] = await old.add(10)
    await old.logs.delete_all([execution_id])

    assert (await old.sweep(keep(logs=1))).logs == 1
