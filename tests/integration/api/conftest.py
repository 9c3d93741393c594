# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of the HTTP API share? The whole application on a database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.core.settings import Settings, load_settings
from api.main import create_app


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings with a data directory and a content folder of this test."""
    content = tmp_path / "content"
    content.mkdir()
    return load_settings(data_dir=tmp_path / "data", content_dir=content)


class IdleConductor:
    """Stands for the durable engine where no run is started: the real one takes a second."""

    async def open(self) -> None:
        """Have nothing to resume."""

    async def close(self) -> None:
        """Have nothing to stop."""


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """Return the application, started, without the engine that carries runs."""
    created = create_app(settings)
    created.state.composition._conductor = IdleConductor()
    async with created.router.lifespan_context(created):
        yield created


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
