# SPDX-License-Identifier: GPL-3.0-or-later
"""The overview: counts of now and over time, from both databases alike, within a scope."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from manual_clock import ManualClock
from sqlalchemy import select

from api.auth.scopes import EVERYTHING, Reach, Scope
from api.db.database import Database
from api.models import Execution, Host, Run
from api.overview.repository import OverviewRepository
from api.overview.schemas import History, HistoryQuery, Overview
from api.overview.service import OverviewService

pytestmark = pytest.mark.usefixtures("fleet")

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
"""Midnight where days begin an hour earlier than in UTC."""

WEB_ONLY = Scope((Reach(groups=frozenset({"web"})),))


async def _add_run(
    database: Database, host_name: str, status: str, ended: datetime | None, took_s: float = 1
) -> None:
    async with database.unit_of_work() as session:
        begun = ended or START
        facts: dict[str, Any] = {"reason_code": None, "reason": None, "created_at": begun}
        run = Run(kind="command", name="true", spec={}, status=status, created_by="x", **facts)
        run.finished_at = ended
        if status not in {"pending", "canceled"}:
            run.started_at = begun - timedelta(seconds=took_s)
        session.add(run)
        await session.flush()
        host_id = await session.scalar(select(Host.id).where(Host.name == host_name))
        identity = {"id": f"e{run.id}", "run_id": run.id, "host_id": host_id}
        session.add(Execution(host_name=host_name, status=status, **identity, **facts))


async def _read_history(
    database: Database, query: HistoryQuery, scope: Scope = EVERYTHING
) -> History:
    async with database.unit_of_work(read_only=True) as session:
        service = OverviewService(OverviewRepository(session, scope), ManualClock())
        return await service.read_history(query)


async def _read_overview(database: Database, now: datetime, scope: Scope = EVERYTHING) -> Overview:
    clock = ManualClock()
    await clock.sleep((now - clock.now()).total_seconds())
    async with database.unit_of_work(read_only=True) as session:
        return await OverviewService(OverviewRepository(session, scope), clock).read_overview(7)


async def test_runs_are_counted_in_the_step_in_which_they_ended(database: Database) -> None:
    """A step has its beginning and not its end; what ended before or after all is left out."""
    for ended, status in (
        (START - timedelta(microseconds=1), "failed"),
        (START, "successful"),
        (START + DAY - timedelta(microseconds=1), "failed"),
        (START + DAY, "timed_out"),
        (START + 3 * DAY, "lost"),
    ):
        await _add_run(database, "web1", status, ended)
    history = await _read_history(database, HistoryQuery(since=START, steps=3))
    assert [step.at for step in history.steps] == [START, START + DAY, START + 2 * DAY]
    assert [step.counts for step in history.steps] == [
        {"successful": 1, "failed": 1},
        {"timed_out": 1},
        {},
    ]


async def test_durations_are_those_of_runs_that_started(database: Database) -> None:
    """Mean and longest leave out what was canceled before it began; an empty step has none."""
    at = START + timedelta(hours=1)
    for status, took_s in (("successful", 1.5), ("failed", 4.5), ("canceled", 0)):
        await _add_run(database, "web1", status, at, took_s)
    first, second = (await _read_history(database, HistoryQuery(since=START, steps=2))).steps
    assert first.duration_mean_s == pytest.approx(3, abs=0.01)
    assert first.duration_max_s == pytest.approx(4.5, abs=0.01)
    assert first.counts == {"successful": 1, "failed": 1, "canceled": 1}
    assert (second.duration_mean_s, second.duration_max_s) == (None, None)


async def test_history_ends_with_the_scope(database: Database) -> None:
    """Who sees the group web sees nothing of what ran elsewhere."""
    await _add_run(database, "web1", "successful", START)
    await _add_run(database, "db1", "failed", START)
    query = HistoryQuery(since=START, step_s=3600, steps=1)
    history = await _read_history(database, query, WEB_ONLY)
    assert history.steps[0].counts == {"successful": 1}


async def test_the_overview_counts_what_is_now(database: Database) -> None:
    """Hosts by agent, runs under way, what waits and for how long, and what ended within a day."""
    now = START + 2 * DAY
    await _add_run(database, "web1", "running", None)
    await _add_run(database, "web2", "pending", None)
    await _add_run(database, "db1", "failed", now - DAY)
    await _add_run(database, "db1", "failed", now - DAY - timedelta(seconds=1))
    async with database.unit_of_work() as session:
        for host in await session.scalars(select(Host).where(Host.name == "web2")):
            host.maintenance_since = now
        for execution in await session.scalars(select(Execution)):
            if execution.status == "pending":
                execution.wait_code = "maintenance"
        for run in await session.scalars(select(Run).where(Run.status == "running")):
            run.paused_at = now
    overview = await _read_overview(database, now)
    assert overview.hosts == {"online": 1, "offline": 1, "not_installed": 2}
    assert overview.hosts_in_maintenance == 1
    assert overview.runs == {"running": 1, "pending": 1}
    assert overview.runs_paused == 1
    assert overview.ended_within_day == {"failed": 1}
    assert overview.queue.model_dump() == {
        "running": 1,
        "pending": 1,
        "waiting": {"maintenance": 1},
        "oldest_at": START,
    }
    assert overview.log_behind_bytes == 7


async def test_the_overview_ends_with_the_scope(database: Database) -> None:
    """Who sees the group web counts its hosts and what runs there, and nothing else."""
    await _add_run(database, "web1", "running", None)
    await _add_run(database, "db1", "pending", None)
    overview = await _read_overview(database, START, WEB_ONLY)
    assert overview.hosts == {"online": 1, "offline": 1}
    assert overview.runs == {"running": 1}
    assert overview.queue.pending == 0
    assert overview.queue.running == 1
    assert overview.queue.oldest_at is None


async def test_nothing_is_counted_where_nothing_is_seen(database: Database) -> None:
    """A scope without reach sees no host and no run."""
    await _add_run(database, "web1", "running", None)
    overview = await _read_overview(database, START, Scope())
    assert (overview.hosts, overview.runs, overview.queue.running) == ({}, {}, 0)
