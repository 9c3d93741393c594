# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of triggers share? A control plane over fake agents, whose tickers stand still.

Tests take the steps themselves.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from access_types import AddUser, Connect
from direct_engine import DirectEngine
from fastapi import FastAPI
from manual_clock import ManualClock

from api.agents.calls import Endpoint
from api.agents.memory import MemoryAgents
from api.composition import Composition
from api.core.settings import Settings, load_settings
from api.main import create_app

AGENT = Endpoint("web1", "192.0.2.1", 20_000, "abcdefghijkl", "token-of-the-agent", "ab" * 32)


@pytest.fixture
def settings(tmp_path: Path, database_url: str | None) -> Settings:
    """Return settings with a content folder."""
    content = tmp_path / "content"
    content.mkdir()
    (content / "site.yml").write_text("- hosts: web\n  tasks: []\n")
    return load_settings(data_dir=tmp_path / "data", content_dir=content, database_url=database_url)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock whose sleeps take no time."""
    return ManualClock()


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
async def app(settings: Settings, composition: Composition) -> AsyncIterator[FastAPI]:
    """Return the application, started."""
    created = create_app(settings, composition)
    async with created.router.lifespan_context(created):
        yield created


@pytest.fixture
def connect(app: FastAPI) -> Connect:
    """Return a function that connects with a token, or with none."""

    def open_client(token: str | None = None) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="https://myx/api/v1",
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )

    return open_client


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
