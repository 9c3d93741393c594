# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of connections share? A control plane that has one host with a fake agent."""

import httpx
import pytest
from access_types import Connect
from idle_conductor import IdleConductor

from api.agents.calls import Endpoint
from api.agents.memory import MemoryAgent, MemoryAgents
from api.composition import Composition
from api.core.settings import Settings

ENDPOINT = Endpoint("web1", "192.0.2.1", 20_000, "abcdefghijkl", "token-of-the-agent", "ab" * 32, 1)


@pytest.fixture
def fleet() -> MemoryAgents:
    """Return a fleet without agents."""
    return MemoryAgents()


@pytest.fixture
def parts(settings: Settings, fleet: MemoryAgents) -> Composition:
    """Return the parts of a control plane over the fleet, without the engine that carries runs."""
    built = Composition(settings, agents=fleet)
    built._conductor = IdleConductor()  # type: ignore[assignment]
    return built


@pytest.fixture
def client(connect: Connect, settings: Settings) -> httpx.AsyncClient:
    """Return a client with the admin's token."""
    return connect(settings.admin_token_file.read_text().strip())


@pytest.fixture
async def agent(client: httpx.AsyncClient, fleet: MemoryAgents) -> MemoryAgent:
    """Return the fake agent of the host web1, which is in the group web."""
    agent = fleet.add(ENDPOINT)
    body = {
        "address": ENDPOINT.address,
        "rpc_port": ENDPOINT.rpc_port,
        "rpc_path": ENDPOINT.rpc_path,
        "agent_token": ENDPOINT.agent_token,
        "secret_key": "secret-key-of-the-agent",
        "cert_fingerprint": ENDPOINT.cert_fingerprint,
        "groups": ["web"],
    }
    answer = await client.post("/hosts/web1/enroll", json=body)
    assert answer.status_code == 200, answer.text
    return agent
