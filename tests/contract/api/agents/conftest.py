# SPDX-License-Identifier: GPL-3.0-or-later
"""Which agents must keep the contract? A real one over TLS, and the fake that stands for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from real_agent import AgentProcess

from api.agents.calls import AgentCalls, Endpoint
from api.agents.client import AgentClient
from api.agents.memory import MemoryAgents


@pytest.fixture
async def client() -> AsyncIterator[AgentClient]:
    """Return the client of real agents."""
    opened = AgentClient(timeout_s=30)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def real_agent(tmp_path: Path) -> AsyncIterator[AgentProcess]:
    """Return a real agent that listens."""
    process = AgentProcess(tmp_path / "agent")
    await process.start()
    yield process
    await process.end()


@pytest.fixture(params=["real", "memory"])
def fleet(request: pytest.FixtureRequest) -> tuple[AgentCalls, Endpoint]:
    """Return how to call agents, and where one is."""
    if request.param == "real":
        return request.getfixturevalue("client"), request.getfixturevalue("real_agent").endpoint
    agents = MemoryAgents()
    endpoint = Endpoint("local", "192.0.2.1", 9000, "abcdefghijkl", "token", "ab" * 32)
    agents.add(endpoint)
    return agents, endpoint
