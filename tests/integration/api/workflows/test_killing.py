# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane is killed at any moment of a run over many hosts; more with ``MYX_KILLS``."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from counted_runs import COUNTED_RUN, check_counted, count, follow_to_end
from fleet_emulator import Behaviour, FleetEmulator
from real_control_plane import ControlPlaneProcess

HOSTS = 50
KILLS = int(os.environ.get("MYX_KILLS", "3"))
SEED = int(os.environ.get("MYX_SEED", "0")) or random.randrange(1, 2**31)  # noqa: S311 - moments, no secret


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
        run = await control_plane.post("/runs", COUNTED_RUN)
        runs += 1
        ended = asyncio.create_task(follow_to_end(control_plane, run["id"]))
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
            ended = asyncio.create_task(follow_to_end(control_plane, run["id"]))
        assert await ended == {"successful": HOSTS}, f"seed {SEED}, {kills} kills"
    await check_counted(control_plane, fleet, runs)
