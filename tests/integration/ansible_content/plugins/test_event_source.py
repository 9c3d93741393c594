# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source ``myx.fleet.events``, called as ansible-rulebook does, with a control plane."""

import asyncio
import importlib.util
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from real_control_plane import ControlPlaneProcess

ROOT = Path(__file__).parents[4]
SOURCE = ROOT / "collections/ansible_collections/myx/fleet/extensions/eda/plugins/event_source"
OPENED = {"name": "site.yml", "reported_from": "laptop"}

pytestmark = pytest.mark.asyncio(loop_scope="module")

Listen = Callable[..., AbstractAsyncContextManager[asyncio.Queue[dict[str, Any]]]]


@pytest.fixture
def source() -> ModuleType:
    """Return the plugin, loaded by its path as ansible-rulebook does."""
    spec = importlib.util.spec_from_file_location("events", SOURCE / "events.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def listen(source: ModuleType, control_plane: ControlPlaneProcess) -> Listen:
    """Return a function that lets the plugin put events into a queue while a block lasts."""

    @asynccontextmanager
    async def begin(size: int = 0, **args: Any) -> AsyncIterator[asyncio.Queue[dict[str, Any]]]:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(size)
        reached = {"myx_url": control_plane.url, "myx_token": control_plane.token}
        task = asyncio.create_task(source.main(queue, {**reached, **args}))
        try:
            yield queue
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return begin


async def report(control_plane: ControlPlaneProcess, status: str) -> int:
    """Let a reported run come to its end, and return its number."""
    run_id: int = (await control_plane.post("/runs/reported", OPENED))["id"]
    await control_plane.post(f"/runs/{run_id}/report/end", {"status": status})
    return run_id


async def wait_for_events(control_plane: ControlPlaneProcess, after: int, count: int) -> None:
    """Wait until so many events can be read behind a cursor."""
    while count > 0:
        answer = await control_plane.get("/events", after=after, wait_s=10)
        after, count = answer["last"], count - len(answer["events"])


async def test_events_come_and_go_on_where_they_stood(
    listen: Listen, control_plane: ControlPlaneProcess, tmp_path: Path
) -> None:
    """Those of the names that are asked for; over restarts of the one and of the other."""
    wanted = {"events": ["run_failed"], "state_file": str(tmp_path / "cursor")}
    begin = (await control_plane.get("/events"))["last"]
    async with listen(after=begin, **wanted) as queue:
        await report(control_plane, "successful")
        first = await report(control_plane, "failed")
        event = await queue.get()
        assert (event["event"], event["run"]["id"]) == ("run_failed", first)
        assert event["run"]["kind"] == "reported"
        await control_plane.stop(signal.SIGKILL)
        await control_plane.start()
        second = await report(control_plane, "failed")
        assert (await queue.get())["run"]["id"] == second
    third = await report(control_plane, "failed")
    async with listen(**wanted) as queue:
        assert (await queue.get())["run"]["id"] == third


async def test_what_was_not_handed_over_comes_again(
    listen: Listen, control_plane: ControlPlaneProcess, tmp_path: Path
) -> None:
    """Where nobody takes what comes, nothing is written down that was not taken."""
    begin = (await control_plane.get("/events"))["last"]
    runs = [await report(control_plane, "canceled") for _ in range(3)]
    await wait_for_events(control_plane, begin, 6)
    wanted = {"events": ["run_canceled"], "after": begin, "state_file": str(tmp_path / "cursor")}
    async with listen(1, **wanted) as queue:
        assert (await queue.get())["run"]["id"] == runs[0]
    async with listen(**wanted) as queue:
        assert [(await queue.get())["run"]["id"] for _ in runs] == runs


async def test_without_a_cursor_events_come_from_now_on(
    listen: Listen, control_plane: ControlPlaneProcess, tmp_path: Path
) -> None:
    """Where now was is written down before something happens."""
    begin = (await control_plane.get("/events"))["last"]
    await report(control_plane, "failed")
    await wait_for_events(control_plane, begin, 2)
    state = tmp_path / "cursor"
    async with listen(state_file=str(state)) as queue:
        while not state.exists():  # noqa: ASYNC110 - the file system has no event
            await asyncio.sleep(0.01)
        assert queue.empty()
    second = await report(control_plane, "failed")
    async with listen(state_file=str(state)) as queue:
        events = [await queue.get() for _ in range(2)]
    assert [(event["event"], event["run"]["id"]) for event in events] == [
        ("run_started", second),
        ("run_failed", second),
    ]


async def test_a_token_that_is_refused_ends_the_source(
    source: ModuleType, control_plane: ControlPlaneProcess
) -> None:
    """The message says who refuses."""
    args = {"myx_url": control_plane.url, "myx_token": "wrong"}
    with pytest.raises(source.SourceError, match="answers 401"):
        await source.main(asyncio.Queue(), args)


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ({"myx_url": ""}, "MYX_URL"),
        ({"events": ["run_fails"]}, "run_failed"),
        ({"events": "run_failed"}, "list of names"),
        ({"myx_fingerprint": "ab"}, "64 hexadecimal digits"),
    ],
)
async def test_what_cannot_be_used_is_named(
    source: ModuleType, monkeypatch: pytest.MonkeyPatch, args: dict[str, Any], named: str
) -> None:
    """Before anything is asked."""
    monkeypatch.delenv("MYX_URL", raising=False)
    given = {"myx_url": "http://192.0.2.1", "myx_token": "one"}
    with pytest.raises(source.SourceError, match=named):
        await source.main(asyncio.Queue(), {**given, **args})


async def test_a_state_file_that_holds_something_else_is_refused(
    source: ModuleType, tmp_path: Path
) -> None:
    """It is not overwritten."""
    state = tmp_path / "cursor"
    state.write_text("a letter\n")
    args = {"myx_url": "http://192.0.2.1", "myx_token": "one", "state_file": str(state)}
    with pytest.raises(source.SourceError, match="holds no cursor"):
        await source.main(asyncio.Queue(), args)
    assert state.read_text() == "a letter\n"
