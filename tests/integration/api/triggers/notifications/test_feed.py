# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed: what happens to runs and hosts, read on from a cursor."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import update

from api.auth.scopes import EVERYTHING, NOTHING
from api.composition import Composition
from api.models import NotificationEvent
from api.notifications.feed.reader import FeedQuery

RUN = {"kind": "command", "command": ["echo", "--token", "w0rd"], "limit": "web1"}


async def run(client: httpx.AsyncClient) -> int:
    """Let a run come to its end, and return its number."""
    answer = await client.post("/runs", json=RUN)
    assert answer.status_code == 201, answer.text
    run_id: int = answer.json()["id"]
    assert (await client.get(f"/runs/{run_id}/stream")).status_code == 200
    return run_id


async def read(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    """Read events."""
    answer = await client.get("/events", params=query)
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


async def test_events_are_read_on_from_a_cursor(client: httpx.AsyncClient, carry: Any) -> None:
    """In their order, without a notification; of a command only its program is told."""
    begin = (await read(client))["last"]
    first = await run(client)
    await carry()
    page = await read(client, after=begin, limit=1)
    assert [event["event"] for event in page["events"]] == ["run_started"]
    rest = await read(client, after=page["last"])
    assert [event["event"] for event in rest["events"]] == ["run_successful"]
    told = rest["events"][0]
    assert (told["run"]["id"], told["run"]["name"]) == (first, "echo")
    assert told["cursor"] == rest["last"] > page["last"]
    assert (await read(client, after=rest["last"])) == {"events": [], "last": rest["last"]}
    again = await read(client, after=0)
    assert again["events"] == page["events"] + rest["events"]


async def test_whoever_waits_is_woken(
    client: httpx.AsyncClient, composition: Composition, carry: Any
) -> None:
    """As soon as something was told; a stream goes on behind it."""
    begin = (await read(client))["last"]
    stream = composition.feed.follow(begin, EVERYTHING)
    coming = asyncio.ensure_future(anext(stream))
    await run(client)
    await carry()
    event = (await coming).decode()
    assert event.startswith(f"id: {begin + 1}\nevent: run_started\ndata: ")
    assert (await anext(stream)).startswith(f"id: {begin + 2}\n".encode())
    await stream.aclose()  # type: ignore[attr-defined]


async def test_a_cursor_of_the_future_is_one_of_now(client: httpx.AsyncClient, carry: Any) -> None:
    """Where an older backup was restored, readers go on with what comes next."""
    begin = (await read(client))["last"]
    assert (await read(client, after=begin + 1000)) == {"events": [], "last": begin}
    await run(client)
    await carry()
    assert (await read(client, after=begin))["events"]


async def test_nobody_reads_what_is_out_of_reach(
    client: httpx.AsyncClient, composition: Composition, carry: Any
) -> None:
    """Nor again and again over what they may not see."""
    await run(client)
    await carry()
    seen = await composition.feed.read(FeedQuery(after=0), NOTHING)
    everything = await composition.feed.read(FeedQuery(after=0), EVERYTHING)
    assert (seen.events, seen.last) == ([], everything.last)


async def test_a_cursor_that_is_too_old_is_refused(
    client: httpx.AsyncClient, composition: Composition, carry: Any
) -> None:
    """The newest event stays, so that no number is given twice."""
    for _ in range(2):
        await run(client)
    await carry()
    events = (await read(client, after=0))["events"]
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    async with composition.database.unit_of_work() as session:
        await session.execute(update(NotificationEvent).values(at=long_ago))
    await composition.retention.sweep()

    answer = await client.get("/events", params={"after": events[0]["cursor"]})
    assert (answer.status_code, answer.json()["code"]) == (410, "feed_removed")
    left = await read(client, after=0)
    assert [event["cursor"] for event in left["events"]] == [events[-1]["cursor"]]
