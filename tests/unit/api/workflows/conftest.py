# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of workflows share? A task on a fake agent, and a recorder in memory."""

import pytest
from manual_clock import ManualClock
from memory_recorder import MemoryRecorder

from api.agents.calls import Endpoint
from api.agents.memory import MemoryAgent, MemoryAgents
from api.agents.retry import RetryingCalls
from api.executions.service import Task
from api.workflows.patience import PatientAgent

LOST_AFTER_S = 600.0


@pytest.fixture
def recorder() -> MemoryRecorder:
    """Return a recorder in memory."""
    return MemoryRecorder()


@pytest.fixture
def fleet() -> MemoryAgents:
    """Return a fleet of fake agents."""
    return MemoryAgents()


@pytest.fixture
def agent(fleet: MemoryAgents) -> MemoryAgent:
    """Return the fake agent of host web1."""
    return fleet.add(Endpoint("web1", "192.0.2.1", 9000, "path", "token", "ab" * 32))


@pytest.fixture
def patient(fleet: MemoryAgents, agent: MemoryAgent, clock: ManualClock) -> PatientAgent:
    """Return the patient caller of that agent."""

    async def locate() -> Endpoint:
        return agent.endpoint

    return PatientAgent(RetryingCalls(fleet, clock), locate, agent.endpoint, clock, LOST_AFTER_S)


@pytest.fixture
def task() -> Task:
    """Return an execution on web1 that runs."""
    return Task(
        id="0199b0c4-0000-7000-8000-000000000001",
        run_id=1,
        host_id=1,
        host_name="web1",
        status="running",
        last_event=0,
        end=None,
        acknowledged=False,
    )
