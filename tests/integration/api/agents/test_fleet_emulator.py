# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the emulated agents keep the protocol, so that what is measured with them counts?"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fleet_emulator import Behaviour, FleetEmulator

from agent_runner.protocol.errors import UnknownExecutionError
from agent_runner.protocol.methods import (
    ExecuteCommandParams,
    GetCommandLogParams,
    NoParams,
)
from api.agents.calls import EXECUTE_COMMAND, GET_COMMAND_LOG, HEARTBEAT
from api.agents.client import AgentClient
from api.agents.errors import AgentUnreachableError


@pytest.fixture
async def client() -> AsyncIterator[AgentClient]:
    """Return the client that the control plane calls agents with."""
    opened = AgentClient(timeout_s=10)
    await opened.open()
    yield opened
    await opened.close()


async def test_each_emulated_agent_is_one_of_its_own(client: AgentClient, tmp_path: Path) -> None:
    """What runs on one is not known to another; log and end are read as of a real one."""
    behaviour = Behaviour(ends_after_s=0.05, bytes_per_s=100_000)
    async with FleetEmulator(2, behaviour, tmp_path).serve() as fleet:
        one, other = (agent.endpoint for agent in fleet.agents.values())
        start = ExecuteCommandParams(command="true", command_id="a")
        assert (await client.call(one, EXECUTE_COMMAND, start)).created
        with pytest.raises(UnknownExecutionError):
            await client.call(other, GET_COMMAND_LOG, GetCommandLogParams(command_id="a"))
        text, offset, is_final = "", 0, False
        while not is_final:
            piece = await client.call(
                one, GET_COMMAND_LOG, GetCommandLogParams(command_id="a", offset=offset, wait_s=5)
            )
            text, offset, is_final = text + piece.log_data, piece.new_offset, piece.is_final
        assert len(text) == offset > 0
        assert piece.result is not None
        assert piece.result.success


async def test_an_emulated_agent_can_be_offline(client: AgentClient, tmp_path: Path) -> None:
    """In its offline time its connections break."""
    behaviour = Behaviour(offline_every_s=60, offline_for_s=60)
    async with FleetEmulator(1, behaviour, tmp_path).serve() as fleet:
        (agent,) = fleet.agents.values()
        with pytest.raises(AgentUnreachableError):
            await client.call(agent.endpoint, HEARTBEAT, NoParams())
