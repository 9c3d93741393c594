# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane is killed at any moment of a run over many hosts; more with ``MYX_KILLS``."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fleet_emulator import Behaviour, FleetEmulator
from real_control_plane import ControlPlaneProcess

from api.agents.memory import MemoryExecution

HOSTS = 50
LINES = 12
KILLS = int(os.environ.get("MYX_KILLS", "3"))
SEED = int(os.environ.get("MYX_SEED", "0")) or random.randrange(1, 2**31)  # noqa: S311 - moments, no secret

RUN = {
    "kind": "command",
    "command": ["count"],
    "limit": "all",
    "rollout": {"waves": ["1", "20%", "100%"], "forks": 20, "max_failures": 0},
}


async def count(execution: MemoryExecution) -> int:
    """Write some lines with pauses between."""
    for number in range(LINES):
        log_type = "stderr" if number % 3 == 0 else "stdout"
        await execution.write(f"{execution.params.command_id} {number}\n".encode(), log_type)
        await asyncio.sleep(0.03)
    return 0


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[FleetEmulator]:
    """Return a fleet that listens."""
    async with FleetEmulator(0, Behaviour(), tmp_path).serve() as fleet:
        yield fleet


@pytest.fixture(params=["sqlite", "postgresql"])
async def control_plane(
    request: pytest.FixtureRequest, tmp_path: Path, fleet: FleetEmulator
) -> AsyncIterator[ControlPlaneProcess]:
    """Return a control plane that knows the hosts."""
    settings = {}
    if request.param == "postgresql":
        settings["MYX_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    content = tmp_path / "content"
    content.mkdir()
    process = ControlPlaneProcess(tmp_path / "data", content, **settings)
    await process.start()
    for number in range(HOSTS):
        name = f"host{number:02}"
        await process.post(f"/hosts/{name}/enroll", fleet.add(name, count).enrollment)
    yield process
    await process.stop()


async def test_kills_at_any_moment_neither_lose_nor_repeat_anything(
    control_plane: ControlPlaneProcess, fleet: FleetEmulator
) -> None:
    """After each kill -9 the runs go on; each host runs each once, and all logs are complete."""
    chance = random.Random(SEED)  # noqa: S311 - moments, no secret
    kills, runs = 0, 0
    while kills < KILLS:
        run = await control_plane.post("/runs", RUN)
        runs += 1
        ended = asyncio.create_task(follow(control_plane, run["id"]))
        while kills < KILLS and not ended.done():
            reached = asyncio.create_task(fleet.wait_for_calls(chance.randrange(1, 500)))
            await asyncio.wait({ended, reached}, return_when=asyncio.FIRST_COMPLETED)
            reached.cancel()
            if ended.done():
                break
            await control_plane.stop(signal.SIGKILL)
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)
            kills += 1
            await control_plane.start()
            ended = asyncio.create_task(follow(control_plane, run["id"]))
        assert await ended == {"successful": HOSTS}, f"seed {SEED}, {kills} kills"
    await check_logs(control_plane, fleet, runs)


async def follow(control_plane: ControlPlaneProcess, run_id: int) -> dict[str, int]:
    """Return how many hosts ended how, when the run has ended."""
    name, data = "", {"counts": {}}
    async for name, data in control_plane.follow(run_id):  # noqa: B007 - the last one counts
        pass
    assert name == "end", f"seed {SEED}"
    counts: dict[str, int] = data["counts"]
    return counts


async def check_logs(control_plane: ControlPlaneProcess, fleet: FleetEmulator, runs: int) -> None:
    """Compare what each host has run and written with what is stored."""
    for agent in fleet.agents.values():
        assert len(agent.executions) == runs, f"{agent.endpoint.host}, seed {SEED}"
        for execution_id, execution in agent.executions.items():
            assert execution.size == sum(len(f"{execution_id} {n}\n") for n in range(LINES))
            expected = b"".join(f"{execution_id} {n}\n".encode() for n in range(LINES))
            assert await control_plane.download(execution_id) == expected, f"seed {SEED}"
