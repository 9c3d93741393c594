# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the emulated agents keep the protocol, so that what is measured with them counts?"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fleet_emulator import Behaviour, EmulatedAgent, FleetEmulator

from agent_runner.protocol.errors import UnknownExecutionError
from agent_runner.protocol.methods import (
    ExecuteCommandParams,
    ExecutionResult,
    GetCommandLogParams,
    NoParams,
)
from api.agents.calls import EXECUTE_COMMAND, GET_COMMAND_LOG, HEARTBEAT
from api.agents.client import AgentClient
from api.agents.errors import AgentTimeoutError, AgentUnreachableError


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


async def test_an_emulated_agent_can_flap(client: AgentClient, tmp_path: Path) -> None:
    """In its offline time its connections break, then it answers; each at a time of its own."""
    behaviour = Behaviour(offline_every_s=60, offline_for_s=60)
    async with FleetEmulator(1, behaviour, tmp_path).serve() as fleet:
        (agent,) = fleet.agents.values()
        with pytest.raises(AgentUnreachableError):
            await client.call(agent.endpoint, HEARTBEAT, NoParams())
        agent.behaviour = Behaviour()
        await client.call(agent.endpoint, HEARTBEAT, NoParams())
    flapping = Behaviour(offline_every_s=60, offline_for_s=30)
    states = [flapping.is_offline(number) for number in range(1000)]
    assert 450 < sum(states) < 550


async def test_one_of_many_emulated_agents_can_fail_and_be_slow(
    client: AgentClient, tmp_path: Path
) -> None:
    """How one behaves changes at any time, and the others go on as they are."""
    async with FleetEmulator(2, Behaviour(), tmp_path).serve() as fleet:
        failing, other = fleet.agents.values()
        failing.behaviour = Behaviour(answers_after_s=3600)
        impatient = AgentClient(timeout_s=0.5)
        await impatient.open()
        with pytest.raises(AgentTimeoutError):
            await impatient.call(failing.endpoint, HEARTBEAT, NoParams())
        await impatient.close()
        failing.behaviour = Behaviour(fails=1)
        start = ExecuteCommandParams(command="true", command_id="a")
        results = []
        for agent in (failing, other):
            await client.call(agent.endpoint, EXECUTE_COMMAND, start)
            results.append(await _await_result(client, agent))
        assert [result.return_code for result in results] == [1, 0]


async def _await_result(client: AgentClient, agent: EmulatedAgent) -> ExecutionResult:
    offset = 0
    while True:
        params = GetCommandLogParams(command_id="a", offset=offset, wait_s=5)
        piece = await client.call(agent.endpoint, GET_COMMAND_LOG, params)
        if piece.result is not None:
            return piece.result
        offset = piece.new_offset
