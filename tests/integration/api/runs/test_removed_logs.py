# SPDX-License-Identifier: GPL-3.0-or-later
"""What do readers get of logs and events that are gone, or go while they read?"""

from datetime import timedelta

import httpx
import pytest
from run_types import AddHost, Follow, PostRun
from sse import parse_events

from api.agents.memory import MemoryExecution
from api.auth.scopes import EVERYTHING
from api.composition import Composition
from api.core.settings import Settings
from api.executions.errors import LogRemovedError
from api.executions.schemas import LogQuery
from api.retention.policy import find_limits
from api.retention.removed import Removed
from api.retention.retention import Retention
from api.retention.sweep import Sweeper

SIZE = 200_000


async def write_much(execution: MemoryExecution) -> int:
    """Do what the program of each run does."""
    await execution.write(b"x" * SIZE)
    return 0


@pytest.fixture
async def execution_id(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> str:
    """Return an execution that has ended."""
    await add_host("web1", program=write_much)
    run = await post_run(kind="command", command=["true"], limit="all")
    await follow(run["id"])
    [execution] = (await client.get(f"/runs/{run['id']}/executions")).json()["results"]
    return str(execution["id"])


async def remove(composition: Composition, **settings: float) -> Removed:
    """Remove what a sweep in 100 days would."""
    at = composition.clock.now() + timedelta(days=100)
    limits = find_limits(Settings(**{**dict(composition.settings), **settings}), at)
    removed: list[Removed] = []
    parts = composition
    await Sweeper(parts.unit_of_work, parts.logs, parts.clock, removed.append).sweep(limits)
    return sum(removed, start=Removed())


async def test_a_removed_log_is_gone_and_says_so(
    execution_id: str, client: httpx.AsyncClient, composition: Composition
) -> None:
    """Log and download are answered with 410 and when it went; the execution stays."""
    assert (await remove(composition)).log_bytes == SIZE

    for path in ("log", "log/download", f"log?offset={SIZE - 1}&wait_s=50"):
        answer = await client.get(f"/executions/{execution_id}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (410, "log_removed"), path
        assert "web1 (200000 bytes) was removed on 2026-" in answer.json()["detail"]
    shown = (await client.get(f"/executions/{execution_id}")).json()
    assert shown["log_bytes"] == SIZE
    assert shown["log_removed_at"] is not None
    assert shown["events_removed_at"] is None, "a command has no events"
    end = await client.get(f"/executions/{execution_id}/log?offset={SIZE}")
    assert end.json()["is_final"], "who has read all of it misses nothing"


async def test_a_reader_is_told_when_the_rest_goes(
    execution_id: str, client: httpx.AsyncClient, composition: Composition
) -> None:
    """Who has read a part and asks for the next one learns that there is none any more."""
    first = (await client.get(f"/executions/{execution_id}/log?limit=4096")).json()
    assert not first["is_final"]
    await composition.logs.delete_all([execution_id])

    query = LogQuery(offset=first["new_offset"], wait_s=50)
    with pytest.raises(LogRemovedError, match="is being removed"):
        await composition.execution_reader.read_log(execution_id, query, EVERYTHING)


async def test_a_download_breaks_off(execution_id: str, composition: Composition) -> None:
    """What was sent of a log that goes meanwhile is not taken for the whole."""
    pieces = await composition.execution_reader.open_log(execution_id, EVERYTHING)
    await composition.logs.delete_all([execution_id])
    with pytest.raises(LogRemovedError):
        async for _ in pieces:
            pass


async def test_a_stream_ends_and_says_what_is_missing(
    execution_id: str, client: httpx.AsyncClient, composition: Composition
) -> None:
    """A viewer that comes back for the rest of a log that is gone sees that it is, and the end."""
    await remove(composition)
    run_id = (await client.get(f"/executions/{execution_id}")).json()["run_id"]

    text = (await client.get(f"/runs/{run_id}/stream?offsets={execution_id}:5")).text

    events = parse_events(text)
    assert [name for name, _ in events] == ["run", "execution", "end"]
    assert events[1][1]["log_removed_at"] is not None


async def test_a_viewer_sees_a_log_go(execution_id: str, composition: Composition) -> None:
    """Where it goes after the viewer came, the execution is shown again, as gone."""
    async with composition.unit_of_work(read_only=True) as work:
        run_id = (await work.executions.get_execution(execution_id)).run_id
    stream = composition.run_streams.follow(run_id, EVERYTHING, {}, with_log=True)
    pieces = [await anext(stream)]
    await remove(composition)
    pieces += [piece async for piece in stream]

    events = parse_events(b"".join(pieces).decode())
    assert [name for name, _ in events] == ["run", "execution", "execution", "end"]
    gone = [data["log_removed_at"] for name, data in events if name == "execution"]
    assert gone[0] is None
    assert gone[1] is not None


async def test_removed_events_are_gone_and_say_so(
    execution_id: str, client: httpx.AsyncClient, composition: Composition
) -> None:
    """Events too are answered with 410, also while the newest are gone and others are not yet."""
    events = [{"counter": n, "event": "runner_on_ok", "event_data": {}} for n in (1, 2, 3)]
    async with composition.unit_of_work() as work:
        await work.executions.store_events([(execution_id, events)])
    async with composition.unit_of_work() as work:
        assert await work.retention.remove_newest_events(execution_id, 1) == 1
    url = f"/executions/{execution_id}/events"

    part = await client.get(f"{url}?limit=2")
    assert [event["counter"] for event in part.json()["events"]] == [1, 2]
    assert (await client.get(f"{url}?after=2")).json()["code"] == "events_removed"
    assert (await client.get(url)).status_code == 410
    assert (await remove(composition)).events == 2
    answer = await client.get(url)
    assert "events of web1 were removed on 2026-" in answer.json()["detail"]


async def test_what_goes_in_the_background_is_told(
    execution_id: str,
    client: httpx.AsyncClient,
    composition: Composition,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Figures count it and the audit names it, which itself stays whole."""
    at = composition.clock.now() + timedelta(days=400)
    monkeypatch.setattr(composition.clock, "now", lambda: at)

    # The end of the run would be told at any moment, and then be old as well.
    await composition.triggers.courier.step()
    assert (await composition.retention.sweep()).runs == 1
    assert not await composition.retention.sweep()

    figures = (await client.get("http://myx/metrics")).text
    assert 'myx_retention_removed_total{kind="runs"} 1.0' in figures
    assert f"myx_retention_removed_log_bytes_total {SIZE:.1f}" in figures
    assert "myx_retention_last_end_timestamp_seconds" in figures
    entries = (await client.get("/audit?action=remove_old")).json()["results"]
    assert [entry["details"]["runs"] for entry in entries] == [1]
    assert (await client.get(f"/executions/{execution_id}")).status_code == 404
    assert (await client.get("/audit/verification")).json()["intact"]


@pytest.mark.parametrize("is_mine", [True, False])
async def test_one_replica_looks_in_the_background(
    execution_id: str, composition: Composition, *, is_mine: bool
) -> None:
    """The one whose turn it is lets the engine forget, too; the others leave all of it alone."""
    asked: list[str] = []

    async def forget() -> int:
        asked.append(execution_id)
        return 0

    figures = composition.monitor.retention
    await Retention(composition, figures, forget, lambda: is_mine)._look()

    assert asked == [execution_id] * is_mine
