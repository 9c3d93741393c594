# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of access share? A clock, cheap passwords, and people with their tokens."""

from typing import Any

import httpx
import pytest
from access_types import PASSWORD, AddUser, Connect
from argon2 import PasswordHasher
from fastapi import FastAPI
from idle_conductor import IdleConductor
from manual_clock import ManualClock

from api.composition import Composition
from api.core.settings import Settings

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def parts(settings: Settings, clock: ManualClock) -> Composition:
    """Return the parts of a control plane on that clock, whose passwords cost nothing."""
    built = Composition(settings, clock)
    built._conductor = IdleConductor()  # type: ignore[assignment]
    built.access.door._passwords._hasher = CHEAP
    return built


@pytest.fixture
def admin(connect: Connect, settings: Settings, app: FastAPI) -> httpx.AsyncClient:
    """Return a client with the admin token."""
    del app
    return connect(settings.admin_token_file.read_text().strip())


@pytest.fixture
def add_user(admin: httpx.AsyncClient) -> AddUser:
    """Return a function that adds a user."""

    async def add(name: str = "alice", **body: Any) -> dict[str, Any]:
        given = {"name": name, "password": PASSWORD, "grants": [{"role": "viewer"}], **body}
        answer = await admin.post("/users", json=given)
        assert answer.status_code == 201, answer.text
        added: dict[str, Any] = answer.json()
        return added

    return add
