# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for two control planes on one PostgreSQL, each a process, and a real agent?"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess, serve_replicas

LOST_AFTER_S = 2.0

TAKEN_OVER_S = 60.0
"""Far above that time, a beat and the queue's poll: who reaches it has found a fault."""

COUNT = "for i in $(seq {last}); do echo line $i; sleep {pause}; done"


@pytest.fixture
def limits() -> dict[str, str]:
    """Return settings of both."""
    return {}


@pytest.fixture
async def replicas(
    tmp_path: Path, agent: AgentProcess, postgres_url: str, limits: dict[str, str]
) -> AsyncIterator[tuple[ControlPlaneProcess, ControlPlaneProcess]]:
    """Return two control planes that know the agent as host 'local'."""
    async with serve_replicas(tmp_path, postgres_url, LOST_AFTER_S, **limits) as (one, other):
        await one.post("/hosts/local/enroll", agent.enrollment)
        yield one, other


async def start_counting(
    replica: ControlPlaneProcess, last: int, pause_s: float = 0.1
) -> dict[str, Any]:
    """Start a run that counts slowly, and return it."""
    command = ["sh", "-c", COUNT.format(last=last, pause=pause_s)]
    return await replica.post("/runs", {"kind": "command", "command": command, "limit": "local"})


async def wait_for_line(replica: ControlPlaneProcess, run_id: int) -> str:
    """Return the execution's id when a viewer of this replica has seen a piece of its log."""
    async with contextlib.aclosing(replica.follow(run_id)) as events:
        async for name, data in events:
            if name == "log":
                return str(data["execution_id"])
    raise AssertionError("the run ended without a line")


async def wait_for_end(replica: ControlPlaneProcess, run_id: int) -> dict[str, Any]:
    """Return the run when a viewer of this replica sees its end."""
    async with contextlib.aclosing(replica.follow(run_id)) as events:
        async for name, data in events:
            if name == "end":
                return dict(data)
    raise AssertionError("the stream ended before the run")


def expect(last: int) -> bytes:
    """Return what the whole log must be."""
    return b"".join(b"line %d\n" % number for number in range(1, last + 1))


async def test_the_runs_of_a_killed_replica_are_taken_over(
    replicas: tuple[ControlPlaneProcess, ControlPlaneProcess],
) -> None:
    """One dies with a run under way; the other carries it to its end, and nothing runs twice."""
    one, other = replicas
    run = await start_counting(one, 60)
    execution_id = await wait_for_line(one, run["id"])

    await one.stop(signal.SIGKILL)
    async with asyncio.timeout(TAKEN_OVER_S):
        ended = await wait_for_end(other, run["id"])

    assert ended["status"] == "successful"
    assert await other.download(execution_id) == expect(60)
    assert any("runs_taken_over" in line for line in other.log)


async def test_viewers_of_another_replica_see_a_log_grow(
    replicas: tuple[ControlPlaneProcess, ControlPlaneProcess],
) -> None:
    """Who looks at one replica sees what the other one carries out, while it happens."""
    one, other = replicas
    run = await start_counting(one, 600)

    async with asyncio.timeout(TAKEN_OVER_S):
        execution_id = await wait_for_line(other, run["id"])

    piece = await other.get(f"/executions/{execution_id}/log", offset=0, wait_s=5)
    assert piece["log_data"].startswith("line 1\n")
    assert not piece["is_final"]
    await other.post(f"/runs/{run['id']}/cancel", {})


async def test_a_cancel_reaches_the_replica_that_carries_the_run_out(
    replicas: tuple[ControlPlaneProcess, ControlPlaneProcess],
) -> None:
    """A run is canceled through whichever replica, and each viewer sees how it ends."""
    one, other = replicas
    run = await start_counting(one, 600)
    await wait_for_line(one, run["id"])

    await other.post(f"/runs/{run['id']}/cancel", {})
    async with asyncio.timeout(TAKEN_OVER_S):
        ends = await asyncio.gather(wait_for_end(one, run["id"]), wait_for_end(other, run["id"]))

    assert [end["status"] for end in ends] == ["canceled", "canceled"]


async def test_a_replica_that_stood_still_does_no_harm(
    replicas: tuple[ControlPlaneProcess, ControlPlaneProcess],
) -> None:
    """One that was given up and lives after all lets go; the log is whole, and it serves again."""
    one, other = replicas
    run = await start_counting(one, 80)
    execution_id = await wait_for_line(one, run["id"])

    one.freeze()
    async with asyncio.timeout(TAKEN_OVER_S):
        while not any("runs_taken_over" in line for line in other.log):
            await other.wait_for_log()
    one.wake()
    async with asyncio.timeout(TAKEN_OVER_S):
        ended = await wait_for_end(other, run["id"])
        while not any("replica_was_given_up" in line for line in one.log):
            await one.wait_for_log()
    later = await start_counting(one, 2)
    async with asyncio.timeout(TAKEN_OVER_S):
        assert (await wait_for_end(one, later["id"]))["status"] == "successful"

    assert ended["status"] == "successful"
    assert await other.download(execution_id) == expect(80)


async def test_a_replica_that_stops_hands_over_at_once(
    replicas: tuple[ControlPlaneProcess, ControlPlaneProcess],
) -> None:
    """One that is asked to stop leaves its runs to the other, which needs not wait for a loss."""
    one, other = replicas
    run = await start_counting(one, 60)
    execution_id = await wait_for_line(one, run["id"])

    await one.stop()
    async with asyncio.timeout(TAKEN_OVER_S):
        ended = await wait_for_end(other, run["id"])

    assert ended["status"] == "successful"
    assert await other.download(execution_id) == expect(60)


@pytest.mark.parametrize(
    "limits", [{"MYX_MAX_CONCURRENT_EXECUTIONS": "1"}, {"MYX_MAX_COMMANDS_PER_HOST": "1"}]
)
async def test_limits_hold_over_replicas(
    replicas: tuple[ControlPlaneProcess, ControlPlaneProcess],
) -> None:
    """What one replica runs takes the place of what the other would; it says so, then goes on."""
    one, other = replicas
    first = await start_counting(one, 600)
    await wait_for_line(one, first["id"])

    second = await start_counting(other, 1)
    async with asyncio.timeout(TAKEN_OVER_S), contextlib.aclosing(other.follow(second["id"])) as e:
        async for name, data in e:
            assert name != "log"
            if name == "run" and data["wait_reason"]:
                break
    [waiting] = (await other.get(f"/runs/{second['id']}/executions"))["results"]
    assert waiting["status"] == "pending"

    await one.post(f"/runs/{first['id']}/cancel", {})
    async with asyncio.timeout(TAKEN_OVER_S):
        assert (await wait_for_end(other, second["id"]))["status"] == "successful"
