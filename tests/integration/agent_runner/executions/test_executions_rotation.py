# SPDX-License-Identifier: GPL-3.0-or-later
"""What is removed of executions that have ended, and what is remembered of them."""

import asyncio
import fcntl
import time
from pathlib import Path
from typing import Any

import pytest

from agent_runner.config import Limits
from agent_runner.executions.rotation.aging import read_uptime
from agent_runner.executions.rotation.tombstones import MAX_AGE_S
from agent_runner.protocol import methods as wire
from agent_runner.protocol.errors import LogGoneError, UnknownExecutionError

DAY_S = 24 * 3600.0


async def _end(host: Any, command_id: str, *argv: str) -> None:
    """Run a command until its supervisor has left and the agent has seen that."""
    await host.run(command_id, *(argv or ("echo", command_id)))
    await host.follow(command_id)
    await asyncio.to_thread(_wait_for_lock, host.folder(command_id).lock)
    await host.restart()


def _wait_for_lock(path: Path) -> None:
    with path.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)


async def _acknowledge(host: Any, command_id: str) -> None:
    await host.executions.acknowledge(wire.AcknowledgeCommandParams(command_id=command_id))


async def _rotate_in(host: Any, days: float) -> None:
    now, uptime_s = time.time() + days * DAY_S, read_uptime() + days * DAY_S
    host.read_clock, host.read_uptime = lambda: now, lambda: uptime_s
    await host.restart()
    await host.executions.rotate()


async def test_what_is_acknowledged_and_old_is_removed(host: Any) -> None:
    """After its age the log is gone, whoever asks; before it, everything is there."""
    await _end(host, "id")
    await _acknowledge(host, "id")
    await _rotate_in(host, 6)
    assert (await host.follow("id")).text == "id\n"
    await _rotate_in(host, 8)
    assert not host.folder("id").path.exists()
    with pytest.raises(LogGoneError):
        await host.read("id")
    with pytest.raises(LogGoneError):
        await host.executions.read_events(wire.GetEventsParams(command_id="id"))
    await _acknowledge(host, "id")


@pytest.mark.parametrize("days", [400, -400])
async def test_a_clock_that_is_set_removes_nothing_fresh(host: Any, days: float) -> None:
    """Whichever way the clock is set, and back again, only time that passed makes older."""
    await _end(host, "id")
    await _acknowledge(host, "id")
    for leap in (days, 0.0, days):
        host.read_clock = lambda leap=leap: time.time() + leap * DAY_S
        await host.restart()
        await host.executions.rotate()
        assert (await host.follow("id")).text == "id\n"
    host.read_clock = lambda: time.time() + (days + 8) * DAY_S
    host.read_uptime = lambda: read_uptime() + 8 * DAY_S
    await host.restart()
    await host.executions.rotate()
    assert not host.folder("id").path.exists()


async def test_an_id_never_runs_again(host: Any, tmp_path: Path) -> None:
    """A start with the id of a removed execution runs nothing and tells how that one ended."""
    mark = tmp_path / "mark"
    argv = ("sh", "-c", f"echo x >>{mark}; exit 3")
    await _end(host, "id", *argv)
    await _acknowledge(host, "id")
    await _rotate_in(host, 8)
    for _ in range(2):
        again = await host.run("id", *argv)
        assert (again.created, again.status) == (False, "failed")
        await host.restart()
    assert mark.read_text() == "x\n"


async def test_tombstones_age(host: Any) -> None:
    """Long after the removal an id is unknown again."""
    await _end(host, "id")
    await _acknowledge(host, "id")
    await _rotate_in(host, 8)
    await _rotate_in(host, MAX_AGE_S / DAY_S + 1)
    with pytest.raises(UnknownExecutionError):
        await host.read("id")


async def test_living_and_unread_executions_stay(host: Any, caplog: Any) -> None:
    """What runs is never removed; an unread end much later, and the agent's log tells so."""
    await host.run("living", "sleep", "1000")
    await _end(host, "unread")
    await _rotate_in(host, 29)
    assert (await host.follow("unread")).text == "unread\n"
    await _rotate_in(host, 1000)
    assert [one.command_id for one in host.executions.list_executions()] == ["living"]
    assert [r.id for r in caplog.records if r.message == "removed_unacknowledged"] == ["unread"]
    assert host.folder("living").lock.exists()


async def test_an_end_whose_supervisor_is_still_there_stays(host: Any) -> None:
    """As long as the lock is held nothing is removed."""
    await _end(host, "id")
    await _acknowledge(host, "id")
    with host.folder("id").lock.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        await _rotate_in(host, 8)
        assert (await host.follow("id")).text == "id\n"
    async with asyncio.timeout(60):
        while host.folder("id").path.exists():  # whoever waits for its end may hold the lock too
            await host.executions.rotate()


async def test_an_acknowledged_end_too_many_removes_the_oldest(make_host: Any) -> None:
    """When a limit is passed the oldest goes at once, without being asked for."""
    host = await make_host(Limits(spool_max_executions=2, min_free_disk_bytes=0))
    for command_id in ("a", "b", "c"):
        await _end(host, command_id)
    for command_id in ("a", "b", "c"):
        await _acknowledge(host, command_id)
    async with asyncio.timeout(60):
        while host.folder("a").path.exists():  # noqa: ASYNC110 - the file system has no event
            await asyncio.sleep(0)
    assert host.folder("b").path.exists()
    assert host.folder("c").path.exists()


async def test_content_of_living_playbooks_is_in_use(host: Any) -> None:
    """What a playbook that runs was started from is named to whoever removes content."""
    text = "- hosts: all\n  gather_facts: false\n  tasks: [{command: sleep 1000}]\n"
    await host.play("id", text)
    await host.wait_for("id", b"TASK")
    await host.executions.rotate()
    (digest,) = [path.name for path in host.bundles.iterdir()]
    assert host.used_bundles[-1] == {digest}
    await host.cancel("id")
    await host.follow("id")
    await host.executions.rotate()
    assert host.used_bundles[-1] == set()


async def test_removal_that_a_crash_interrupted(host: Any) -> None:
    """What was on its way out is gone after the restart; a tombstone beside a folder hides none."""
    await _end(host, "id")
    tombstones = host.spool / ".removed"
    tombstones.mkdir(exist_ok=True)
    (tombstones / "id").symlink_to("successful")
    leaving = host.spool / ".gone-1"
    leaving.mkdir()
    (leaving / "log").write_text("x")
    await host.restart()
    await host.executions.rotate()
    assert not leaving.exists()
    assert (await host.follow("id")).text == "id\n"
