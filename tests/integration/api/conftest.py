# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of the HTTP API share? The whole application on a database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from access_types import Connect
from fastapi import FastAPI
from idle_conductor import IdleConductor
from manual_clock import ManualClock

from api.composition import Composition
from api.core.settings import Settings, load_settings
from api.main import create_app


@pytest.fixture
def settings(tmp_path: Path, database_url: str | None) -> Settings:
    """Return settings with a data directory and a content folder of this test."""
    content = tmp_path / "content"
    content.mkdir()
    return load_settings(data_dir=tmp_path / "data", content_dir=content, database_url=database_url)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock whose sleeps take no time."""
    return ManualClock()


@pytest.fixture
def parts(settings: Settings) -> Composition:
    """Return the parts of a control plane without the engine that carries runs."""
    built = Composition(settings)
    built._conductor = IdleConductor()  # type: ignore[assignment]
    return built


@pytest.fixture
async def app(settings: Settings, parts: Composition) -> AsyncIterator[FastAPI]:
    """Return the application, started."""
    created = create_app(settings, parts)
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
async def anonymous(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client without a token."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://myx") as client:
        yield client


@pytest.fixture
async def client(anonymous: httpx.AsyncClient, settings: Settings) -> httpx.AsyncClient:
    """Return a client with the admin's token."""
    token = settings.admin_token_file.read_text().strip()
    anonymous.headers["Authorization"] = f"Bearer {token}"
    return anonymous
