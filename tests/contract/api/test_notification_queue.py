# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be told and sent waits in its order, and each of it is one process's at a time."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from api.auth.scopes import EVERYTHING, Reach, Scope
from api.db.database import Database
from api.models import Execution, Host, Run
from api.models.triggers.notification import Notification, NotificationDelivery
from api.notifications.queue import NotificationQueue

from .conftest import NOW

LATER = NOW + timedelta(hours=1)


def _notification(name: str, **changes: Any) -> Notification:
    facts: dict[str, Any] = {
        "owner_name": "admin", "destination_sealed": b"d", "secrets_sealed": b"s",
        "destination": "https://example.org", "headers": [], "events": [], "templates": [],
        "groups": [], "labels": [], "triggered_by": [], "is_enabled": True,
        "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return Notification(name=name, **facts | changes)


def _delivery(notification: Notification, key: str, **changes: Any) -> NotificationDelivery:
    facts: dict[str, Any] = {
        "event": "run_failed", "subject": key, "body": "{}", "created_at": NOW,
        "status": "waiting", "attempts": 0, "next_at": NOW, "give_up_at": LATER,
    }  # fmt: skip
    return NotificationDelivery(
        notification_id=notification.id, delivery_key=key, **facts | changes
    )


async def _add(database: Database, *rows: Any) -> None:
    async with database.unit_of_work() as session:
        for row in rows:
            session.add(row)
            await session.flush()


async def _attempt(queue: NotificationQueue, *rows: NotificationDelivery) -> None:
    async with queue.attempt():
        for row in rows:
            await queue.add_delivery(row)


async def test_events_wait_in_their_order_and_stay_under_numbers(database: Database) -> None:
    """The earliest come first, and what an event says comes back as it was."""
    rows = [
        {"event": "run_failed", "at": NOW, "run_id": n, "host_id": None, "facts": {"n": [n, None]}}
        for n in (3, 1, 2)
    ]
    async with database.unit_of_work() as session:
        queue = NotificationQueue(session)
        assert not await queue.has_events()
        await queue.add_events([])
        await queue.add_events(rows)
    async with database.unit_of_work() as session:
        queue = NotificationQueue(session)
        first = await queue.list_events(2)
        assert [(each.run_id, each.at, each.facts) for each in first] == [
            (3, NOW, {"n": [3, None]}),
            (1, NOW, {"n": [1, None]}),
        ]
        await queue.number_events(first)
        assert [each.run_id for each in await queue.list_events(9)] == [2]
        assert await queue.has_events()
        await queue.number_events(await queue.list_events(9))
        assert not await queue.has_events()
    async with database.unit_of_work(read_only=True) as session:
        queue = NotificationQueue(session)
        fed = await queue.list_feed(1, 9, EVERYTHING)
        assert [(each.number, each.run_id) for each in fed] == [(2, 1), (3, 2)]
        assert (await queue.find_first_number(), await queue.get_last_number()) == (1, 3)


async def test_an_attempt_that_fails_takes_nothing_else_with_it(database: Database) -> None:
    """Also where the database refused it: what was written before and after is kept."""
    ops = _notification("ops")
    await _add(database, ops)
    async with database.unit_of_work() as session:
        queue = NotificationQueue(session)
        await queue.add_delivery(_delivery(ops, "a"))
        with pytest.raises(IntegrityError):
            await _attempt(queue, _delivery(ops, "b"), _delivery(ops, "a"))
        async with queue.attempt():
            await queue.add_delivery(_delivery(ops, "c"))
    async with database.unit_of_work(read_only=True) as session:
        found = await NotificationQueue(session).find_next(ops.id, NOW)
        assert found is not None
        assert found[0].delivery_key == "a"
        kept = [await session.get(NotificationDelivery, number) for number in range(1, 9)]
    assert [each.delivery_key for each in kept if each is not None] == ["a", "c"]


async def test_a_notification_sends_one_thing_after_the_other(database: Database) -> None:
    """What is due goes in its order; what is claimed, waits or is switched off does not."""
    ops, dev, off = _notification("ops"), _notification("dev"), _notification("off")
    off.is_enabled = False
    await _add(database, ops, dev, off)
    await _add(
        database,
        _delivery(ops, "ops-1", subject="run/1", next_at=LATER),
        _delivery(ops, "ops-2", subject="run/1"),
        _delivery(ops, "ops-3", subject="run/2"),
        _delivery(dev, "dev-1", claimed_until=LATER),
        _delivery(dev, "dev-2"),
        _delivery(off, "off-1"),
    )
    async with database.unit_of_work(read_only=True) as session:
        queue = NotificationQueue(session)
        assert await queue.list_due(NOW, 9) == [ops.id]
        found = await queue.find_next(ops.id, NOW)
        assert found is not None
        # Behind what waits for its second attempt nothing about the same overtakes it.
        assert (found[0].delivery_key, found[1].name) == ("ops-3", "ops")
        assert await queue.find_next(dev.id, NOW) is None
        assert await queue.find_next(off.id, NOW) is None
        later = LATER + timedelta(seconds=1)
        assert set(await queue.list_due(later, 9)) == {ops.id, dev.id}
        assert len(await queue.list_due(later, 1)) == 1


async def test_only_the_last_attempt_says_what_became_of_it(database: Database) -> None:
    """One that was given up meanwhile, and is made by somebody else, changes nothing."""
    ops = _notification("ops")
    await _add(database, ops)
    await _add(database, _delivery(ops, "a", attempts=2, claimed_until=LATER))
    values = {"status": "delivered", "finished_at": NOW, "status_code": 204}
    async with database.unit_of_work() as session:
        queue = NotificationQueue(session)
        assert not await queue.settle(1, 1, values)
        assert await queue.settle(1, 2, values)
        assert not await queue.settle(1, 2, values)
    async with database.unit_of_work(read_only=True) as session:
        row = await session.get_one(NotificationDelivery, 1)
    assert (row.status, row.status_code, row.claimed_until) == ("delivered", 204, None)


@pytest.mark.usefixtures("fleet")
async def test_the_feed_ends_at_the_scope(database: Database) -> None:
    """Of hosts in its groups, and of runs on one of them or of its templates."""
    facts: dict[str, Any] = {"spec": {}, "created_by": "a", "created_at": NOW, "status": "running"}
    runs = [Run(kind="playbook", name="site.yml", **facts), Run(kind="command", name="id", **facts)]
    await _add(database, *runs)
    about: dict[str, Any] = {"host_id": 1, "host_name": "web1", "status": "running"}
    await _add(database, Execution(id="e1", run_id=runs[1].id, created_at=NOW, **about))
    rows = [
        *({"event": "run_failed", "run_id": run.id, "host_id": None} for run in runs),
        *({"event": "host_offline", "run_id": None, "host_id": id_} for id_ in (1, 2)),
    ]
    async with database.unit_of_work() as session:
        queue = NotificationQueue(session)
        await queue.add_events([{"at": NOW, "facts": {}, **row} for row in rows])
        await queue.number_events(await queue.list_events(9))

    async def list_numbers(*reaches: Reach, after: int = 0, limit: int = 9) -> list[int | None]:
        async with database.unit_of_work(read_only=True) as session:
            found = await NotificationQueue(session).list_feed(after, limit, Scope(reaches))
            return [each.number for each in found]

    eu, site = frozenset({"eu"}), frozenset({"site.yml"})
    assert await list_numbers(Reach()) == [1, 2, 3, 4]
    assert await list_numbers(Reach(groups=eu)) == [2, 3]
    assert await list_numbers(Reach(groups=eu), after=2) == [3]
    assert await list_numbers(Reach(groups=eu), limit=1) == [2]
    assert await list_numbers(Reach(templates=site)) == [1, 3, 4]
    assert await list_numbers(Reach(groups=eu, templates=site)) == [3]
    assert await list_numbers() == []


@pytest.mark.usefixtures("fleet")
async def test_what_events_are_about_is_found(database: Database) -> None:
    """Runs and hosts that are there, hosts with their labels, and who is in maintenance."""
    async with database.unit_of_work() as session:
        web1 = await session.get_one(Host, 1)
        web1.labels, web1.maintenance_since = {"env": "prod"}, NOW
    run = Run(
        kind="command", name="true", spec={}, created_by="admin", created_at=NOW, status="running"
    )
    await _add(database, run)
    await _add(
        database,
        Execution(
            id="e1", run_id=run.id, host_id=1, host_name="web1", created_at=NOW, status="running"
        ),
    )
    async with database.unit_of_work(read_only=True) as session:
        queue = NotificationQueue(session)
        assert await queue.list_runs([run.id, 99]) == {run.id}
        assert await queue.list_labels(run.id) == [{"env": "prod"}]
        found = await queue.list_hosts([1, 2, 99])
    assert {host.name: host.is_in_maintenance for host in found.values()} == {
        "web1": True,
        "web2": False,
    }
