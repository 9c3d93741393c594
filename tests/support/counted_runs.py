# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test of kills know that nothing was lost or ran twice? By what each host counted."""

import asyncio
from typing import Any

from fleet_emulator import FleetEmulator
from real_control_plane import ControlPlaneProcess

from api.agents.memory import MemoryExecution

LINES = 12

COUNTED_RUN: dict[str, Any] = {
    "kind": "command",
    "command": ["count"],
    "limit": "all",
    "rollout": {"waves": ["1", "20%", "100%"], "forks": 20, "max_failures": 0},
}


async def count(execution: MemoryExecution) -> int:
    """Write some lines with pauses between."""
    for number in range(LINES):
        log_type = "stderr" if number % 3 == 0 else "stdout"
        await execution.write(_make_line(execution.params.command_id, number), log_type)
        await asyncio.sleep(0.03)
    return 0


async def follow_to_end(control_plane: ControlPlaneProcess, run_id: int) -> dict[str, int]:
    """Return how many hosts ended how, when the run has ended."""
    name, data = "", {"counts": {}}
    async for name, data in control_plane.follow(run_id):  # noqa: B007 - the last one counts
        pass
    assert name == "end"
    counts: dict[str, int] = data["counts"]
    return counts


async def check_counted(
    control_plane: ControlPlaneProcess, fleet: FleetEmulator, runs: int
) -> None:
    """Compare what each host has run and written with what is stored."""
    for agent in fleet.agents.values():
        assert len(agent.executions) == runs, agent.endpoint.host
        for execution_id, execution in agent.executions.items():
            expected = b"".join(_make_line(execution_id, number) for number in range(LINES))
            assert execution.size == len(expected)
            assert await control_plane.download(execution_id) == expected


def _make_line(execution_id: str, number: int) -> bytes:
    return f"{execution_id} {number}\n".encode()
