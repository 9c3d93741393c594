# SPDX-License-Identifier: GPL-3.0-or-later
"""Of which types is what the tests of access share?"""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

PASSWORD = "a password of Alice"

Connect = Callable[..., httpx.AsyncClient]
"""Connects with a token, or with none."""

AddUser = Callable[..., Awaitable[dict[str, Any]]]
"""Adds a user with that password who is a viewer, unless told otherwise."""


async def sign_in(client: httpx.AsyncClient, name: str = "alice", password: str = PASSWORD) -> str:
    """Sign in, send the CSRF token from now on, and return it."""
    answer = await client.post("/session", json={"name": name, "password": password})
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["csrf_token"]
    client.headers["X-CSRF-Token"] = token
    return token


async def make_token(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    """Make an API token."""
    answer = await client.post("/tokens", json={"name": "ci", **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made
