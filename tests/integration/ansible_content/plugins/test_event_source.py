# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source ``myx.fleet.events``, called as ansible-rulebook does, with a control plane."""

import asyncio
import importlib.util
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
    async def begin(**args: Any) -> AsyncIterator[asyncio.Queue[dict[str, Any]]]:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
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


async def test_events_come_and_go_on_where_they_stood(
    listen: Listen, control_plane: ControlPlaneProcess, tmp_path: Path
) -> None:
    """Those of the names that are asked for; over restarts of the one and of the other."""
    wanted = {"events": ["run_failed"], "state_file": str(tmp_path / "cursor")}
    async with listen(after=0, **wanted) as queue:
        await report(control_plane, "successful")
        first = await report(control_plane, "failed")
        event = await queue.get()
        assert (event["event"], event["run"]["id"]) == ("run_failed", first)
        assert event["run"]["kind"] == "reported"
        await control_plane.stop()
        await control_plane.start()
        second = await report(control_plane, "failed")
        assert (await queue.get())["run"]["id"] == second
    third = await report(control_plane, "failed")
    async with listen(**wanted) as queue:
        seen = (await queue.get())["run"]["id"]
        if seen == second:  # handed over before it was stopped, and not written down
            seen = (await queue.get())["run"]["id"]
        assert seen == third


async def test_a_token_that_is_refused_ends_the_source(
    source: ModuleType, control_plane: ControlPlaneProcess
) -> None:
    """The message says who refuses."""
    args = {"myx_url": control_plane.url, "myx_token": "wrong"}
    with pytest.raises(source.SourceError, match="answers 401"):
        await source.main(asyncio.Queue(), args)


async def test_what_is_missing_is_named(
    source: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is asked."""
    monkeypatch.delenv("MYX_URL", raising=False)
    with pytest.raises(source.SourceError, match="MYX_URL"):
        await source.main(asyncio.Queue(), {"myx_token": "one"})
