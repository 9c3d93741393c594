# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of triggers share? A control plane over fake agents, whose tickers stand still.

Tests take the steps themselves.
"""

from typing import Any

import httpx
import pytest
from access_types import AddUser, Connect
from direct_engine import DirectEngine
from manual_clock import ManualClock

from api.agents.calls import Endpoint
from api.agents.memory import MemoryAgents
from api.composition import Composition
from api.core.settings import Settings

AGENT = Endpoint("web1", "192.0.2.1", 20_000, "abcdefghijkl", "token-of-the-agent", "ab" * 32)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings whose content folder holds a playbook."""
    (settings.content_dir / "site.yml").write_text("- hosts: web\n  tasks: []\n")
    return settings


@pytest.fixture
def composition(settings: Settings, clock: ManualClock) -> Composition:
    """Return the parts of a control plane over a fleet of one agent."""
    fleet = MemoryAgents()
    fleet.add(AGENT)
    built = Composition(settings, clock, fleet)
    built._conductor._engine = DirectEngine(built._conductor._run_driver.drive)  # type: ignore[assignment]
    built.triggers.tickers.clear()
    return built


@pytest.fixture
def parts(composition: Composition) -> Composition:
    """Return the parts that the application is made of."""
    return composition


@pytest.fixture
async def client(connect: Connect, settings: Settings) -> httpx.AsyncClient:
    """Return a client with the admin's token, and a host to run on."""
    opened = connect(settings.admin_token_file.read_text().strip())
    body = {
        "address": AGENT.address,
        "rpc_port": AGENT.rpc_port,
        "rpc_path": AGENT.rpc_path,
        "agent_token": AGENT.agent_token,
        "secret_key": "secret-key-of-the-agent",
        "cert_fingerprint": AGENT.cert_fingerprint,
        "groups": ["web"],
    }
    answer = await opened.post("/hosts/web1/enroll", json=body)
    assert answer.status_code == 200, answer.text
    return opened


@pytest.fixture
def add_operator(client: httpx.AsyncClient) -> AddUser:
    """Return a function that adds an operator and returns a token of theirs as ``token``."""

    async def add(name: str = "alice", **body: Any) -> dict[str, Any]:
        given = {"name": name, "grants": [{"role": "operator"}], **body}
        assert (await client.post("/users", json=given)).status_code == 201
        made = await client.post("/tokens", json={"name": "t", "user": name})
        token: dict[str, Any] = made.json()
        return token

    return add
