# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever goes away while they wait, as by closing a tab, leaves nothing behind."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from run_types import AddHost, Follow, PostRun
from served_app import serve_app

from api.composition import Composition
from api.core.clock import SystemClock
from api.executions.changes import FEED, Subscription
from api.notifications.feed import reader

PATIENCE_S = 60
WAITING = (
    "/executions/{}/log?wait_s=25",
    "/executions/{}/log/pieces?wait_s=25",
    "/executions/{}/events?wait_s=25",
    "/events?wait_s=25",
)


@pytest.fixture
def clock() -> SystemClock:
    """Return a clock on which 25 seconds take that long."""
    return SystemClock()


async def test_nobody_is_waited_for(
    app: FastAPI,
    composition: Composition,
    client: httpx.AsyncClient,
    add_host: AddHost,
    post_run: PostRun,
    follow: Follow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What waits ends with its caller, though nothing happens and no time passes."""
    await add_host("web1")
    run = await post_run(kind="command", command=["sleep", "1000"], limit="all")
    [execution] = (await client.get(f"/runs/{run['id']}/executions")).json()["results"]
    waits, freed = asyncio.Event(), asyncio.Event()

    async def wait_for_ever(_subscription: Subscription, _timeout_s: float) -> bool:
        waits.set()
        try:
            return await asyncio.Event().wait()
        finally:
            freed.set()

    with monkeypatch.context() as patched:
        patched.setattr(Subscription, "wait", wait_for_ever)
        async with asyncio.timeout(PATIENCE_S), serve_app(app, lifespan="off") as url:
            for path in WAITING:
                waits.clear()
                freed.clear()
                connection = await ask(url, path.format(execution["id"]), client)
                await waits.wait()
                connection.close()
                await freed.wait()
                assert not {execution["id"], FEED} & set(composition.changes.list_topics())

    await client.post(f"/runs/{run['id']}/cancel")
    assert (await follow(run["id"]))[-1][1]["status"] == "canceled"


async def test_a_stream_gives_its_place_back(
    app: FastAPI,
    composition: Composition,
    client: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of events there are so many streams for each user, and the next one is told so."""
    monkeypatch.setattr(reader, "MAX_STREAMS", 1)
    freed, take_place = asyncio.Event(), composition.feed.take_place

    @contextmanager
    def take(name: str) -> Iterator[None]:
        with take_place(name):
            yield
        freed.set()

    monkeypatch.setattr(composition.feed, "take_place", take)
    token = client.headers["Authorization"]
    headers = {"Authorization": token}
    async with (
        asyncio.timeout(PATIENCE_S),
        serve_app(app, lifespan="off") as url,
        httpx.AsyncClient(base_url=f"{url}/api/v1", headers=headers) as others,
    ):
        async with others.stream("GET", "/events/stream") as first:
            refused = await others.get("/events/stream")
        await freed.wait()
        async with others.stream("GET", "/events/stream") as next_one:
            pass

    assert (first.status_code, next_one.status_code) == (200, 200)
    assert (refused.status_code, refused.json()["code"]) == (429, "feed_busy")
    assert refused.json()["detail"].startswith("1 streams of events are open for 'admin'")
    assert "Retry-After" in refused.headers


async def ask(url: str, path: str, client: httpx.AsyncClient) -> asyncio.StreamWriter:
    """Ask as the client would, over a connection of its own, which is returned."""
    address, authorization = urlsplit(url), client.headers["Authorization"]
    _, connection = await asyncio.open_connection(address.hostname, address.port)
    head = f"GET /api/v1{path} HTTP/1.1\r\nHost: myx\r\nAuthorization: {authorization}\r\n\r\n"
    connection.write(head.encode())
    return connection
