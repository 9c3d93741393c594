# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of runs share? The whole control plane over a fleet of fake agents."""

from typing import Any

import httpx
import pytest
from access_types import Connect
from direct_engine import DirectEngine
from fake_installer import FakeInstaller
from manual_clock import ManualClock
from run_types import AddHost, Follow, PostRun
from sse import Event, parse_events

from api.agents.calls import Endpoint
from api.agents.memory import MemoryAgent, MemoryAgents, Program, run_stand_in
from api.composition import Composition
from api.core.settings import Settings

PLAYBOOKS = {
    "site.yml": "- hosts: web\n  tasks: []\n",
    "local.yml": "- hosts: localhost\n  tasks: []\n",
    "broken.yml": "- hosts: web\n  tasks: [\n",
    "chosen.yml": "- hosts: '{{ target }}'\n",
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with a content folder of a few playbooks."""
    for name, text in PLAYBOOKS.items():
        (settings.content_dir / name).write_text(text)
    return settings


@pytest.fixture
def fleet() -> MemoryAgents:
    """Return a fleet without agents."""
    return MemoryAgents()


@pytest.fixture
def installer() -> FakeInstaller:
    """Return an installer without SSH."""
    return FakeInstaller()


@pytest.fixture
def composition(
    settings: Settings, clock: ManualClock, fleet: MemoryAgents, installer: FakeInstaller
) -> Composition:
    """Return the parts of a control plane over the fleet."""
    built = Composition(settings, clock, fleet, installer)
    built._conductor._engine = DirectEngine(built._conductor._run_driver.drive)
    return built


@pytest.fixture
def parts(composition: Composition) -> Composition:
    """Return the parts that the application is made of, with the engine that carries runs."""
    return composition


@pytest.fixture
def client(connect: Connect, settings: Settings) -> httpx.AsyncClient:
    """Return a client with the admin's token."""
    return connect(settings.admin_token_file.read_text().strip())


@pytest.fixture
def add_host(client: httpx.AsyncClient, fleet: MemoryAgents) -> AddHost:
    """Return a function that adds a host with a fake agent."""
    ports = iter(range(20_000, 30_000))

    async def add(name: str, *groups: str, program: Program = run_stand_in) -> MemoryAgent:
        endpoint = Endpoint(
            name, "192.0.2.1", next(ports), "abcdefghijkl", "token-of-the-agent", "ab" * 32
        )
        agent = fleet.add(endpoint, program)
        body = {
            "address": endpoint.address,
            "rpc_port": endpoint.rpc_port,
            "rpc_path": endpoint.rpc_path,
            "agent_token": endpoint.agent_token,
            "secret_key": "secret-key-of-the-agent",
            "cert_fingerprint": endpoint.cert_fingerprint,
            "groups": groups,
        }
        answer = await client.post(f"/hosts/{name}/enroll", json=body)
        assert answer.status_code == 200, answer.text
        return agent

    return add


@pytest.fixture
def post_run(client: httpx.AsyncClient) -> PostRun:
    """Return a function that starts a run and returns it."""

    async def post(path: str = "/runs", **body: Any) -> dict[str, Any]:
        answer = await client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        started: dict[str, Any] = answer.json()
        assert answer.headers["Location"] == f"/api/v1/runs/{started['id']}"
        return started

    return post


@pytest.fixture
def follow(client: httpx.AsyncClient) -> Follow:
    """Return a function that follows a run to its end and returns all events."""

    async def read(run_id: int) -> list[Event]:
        answer = await client.get(f"/runs/{run_id}/stream")
        assert answer.status_code == 200, answer.text
        return parse_events(answer.text)

    return read
