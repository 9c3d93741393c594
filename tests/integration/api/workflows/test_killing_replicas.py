# SPDX-License-Identifier: GPL-3.0-or-later
"""One of two control planes is killed at any moment of a run; more with ``MYX_REPLICA_KILLS``."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from counted_runs import COUNTED_RUN, check_counted, count, follow_to_end
from fleet_emulator import Behaviour, FleetEmulator
from real_control_plane import ControlPlaneProcess, serve_replicas

HOSTS = 50
ROUNDS = int(os.environ.get("MYX_REPLICA_KILLS", "2"))
SEED = int(os.environ.get("MYX_SEED", "0")) or random.randrange(1, 2**31)  # noqa: S311 - moments, no secret

LOST_AFTER_S = 5.0

TAKEN_OVER_S = 60.0
"""Far above that time, a beat and the queue's poll: who reaches it has found a fault."""


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[FleetEmulator]:
    """Return a fleet that listens."""
    async with FleetEmulator(0, Behaviour(), tmp_path).serve() as fleet:
        yield fleet


@pytest.fixture
async def replicas(
    tmp_path: Path, fleet: FleetEmulator, postgres_url: str
) -> AsyncIterator[tuple[ControlPlaneProcess, ControlPlaneProcess]]:
    """Return two control planes that know the hosts."""
    async with serve_replicas(tmp_path, postgres_url, LOST_AFTER_S) as both:
        for number in range(HOSTS):
            name = f"host{number:02}"
            await both[0].post(f"/hosts/{name}/enroll", fleet.add(name, count).enrollment)
        yield both


async def wait_for_takeover(replica: ControlPlaneProcess, lines: int) -> None:
    """Return when the replica says, behind that many lines of its log, that it has taken over."""
    while not any("runs_taken_over" in line for line in replica.log[lines:]):
        await replica.wait_for_log()


async def test_a_killed_replica_loses_and_repeats_nothing(
    replicas: tuple[ControlPlaneProcess, ControlPlaneProcess], fleet: FleetEmulator
) -> None:
    """The other takes the run over in time; each host runs each once, and all logs are whole."""
    chance = random.Random(SEED)  # noqa: S311 - moments, no secret
    took_s: list[float] = []
    runs = 0
    while len(took_s) < ROUNDS:
        one, other = replicas if runs % 2 == 0 else reversed(replicas)
        run = await one.post("/runs", COUNTED_RUN)
        runs += 1
        ended = asyncio.create_task(follow_to_end(other, run["id"]))
        reached = asyncio.create_task(fleet.wait_for_calls(chance.randrange(20, 400)))
        await asyncio.wait({ended, reached}, return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()
        if not ended.done():
            lines = len(other.log)
            await one.stop(signal.SIGKILL)
            began = time.monotonic()
            taken = asyncio.create_task(wait_for_takeover(other, lines))
            async with asyncio.timeout(TAKEN_OVER_S):
                await asyncio.wait({ended, taken}, return_when=asyncio.FIRST_COMPLETED)
            if taken.done():
                took_s.append(round(time.monotonic() - began, 1))
            # Else the run had ended before the kill, and its viewer had not been told yet.
            taken.cancel()
        assert await ended == {"successful": HOSTS}, f"seed {SEED}, after {took_s}"
        if not one.is_running:
            await one.start()
    await check_counted(replicas[0], fleet, runs)
    print(f"taken over after {took_s} s, seed {SEED}")  # noqa: T201 - what a series is for
