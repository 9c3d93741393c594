# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of notifications share? A receiver over real TLS, and steps of the courier."""

from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from https_receiver import HttpsReceiver

from api.composition import Composition
from api.core.settings import Settings

AddNotification = Callable[..., Awaitable[dict[str, Any]]]
Carry = Callable[[], Awaitable[None]]


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[HttpsReceiver]:
    """Return a receiver that listens."""
    opened = HttpsReceiver(tmp_path)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def settings(settings: Settings, receiver: HttpsReceiver) -> Settings:
    """Return settings that allow the receiver."""
    allowed = {
        "notification_networks": (ip_network("127.0.0.0/8"),),
        "notification_ca_file": receiver.ca_file,
    }
    return settings.model_copy(update=allowed)


@pytest.fixture
def carry(composition: Composition) -> Carry:
    """Return a function that tells and sends all that is due."""

    async def step() -> None:
        await composition.triggers.courier.step()
        await composition.triggers.courier.finish()

    return step


@pytest.fixture
def add_notification(client: httpx.AsyncClient, receiver: HttpsReceiver) -> AddNotification:
    """Return a function that adds a notification for the receiver, of all that runs do."""

    async def add(via: httpx.AsyncClient | None = None, **changes: Any) -> dict[str, Any]:
        events = ["run_started", "run_successful", "run_failed", "run_canceled"]
        body = {"name": "ops", "url": receiver.url, "events": events, **changes}
        answer = await (via or client).post("/notifications", json=body)
        assert answer.status_code == 201, answer.text
        added: dict[str, Any] = answer.json()
        return added

    return add
