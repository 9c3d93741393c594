# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of calling agents share? One fake agent."""

import pytest

from api.agents.calls import Endpoint
from api.agents.memory import MemoryAgent, MemoryAgents


@pytest.fixture
def agents() -> MemoryAgents:
    """Return a fleet without agents."""
    return MemoryAgents()


@pytest.fixture
def agent(agents: MemoryAgents) -> MemoryAgent:
    """Return the agent of host web1."""
    return agents.add(Endpoint("web1", "192.0.2.1", 9000, "path", "token", "ab" * 32))
