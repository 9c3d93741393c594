# SPDX-License-Identifier: GPL-3.0-or-later
"""Deliveries: tried until they are taken or given up, once normally, whatever dies in between."""

import asyncio
from typing import Any

import httpx
import pytest
from aiohttp import web
from https_receiver import HttpsReceiver
from manual_clock import ManualClock

from api.composition import Composition
from api.notifications.courier import Courier
from api.notifications.deliveries import CLAIM_S, FIRST_WAIT_S
from api.notifications.fanout import GIVE_UP_S


async def send_test(client: httpx.AsyncClient, notification: dict[str, Any]) -> str:
    """Let a test be sent, and return the path of its delivery."""
    path = f"/notifications/{notification['id']}"
    answer = await client.post(f"{path}/test")
    assert answer.status_code == 202, answer.text
    return f"{path}/deliveries/{answer.json()['id']}"


async def look(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """Return a delivery."""
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_fails_is_tried_again(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    clock: ManualClock,
) -> None:  # fmt: skip
    """Later each time, or when the receiver says, under the same id and with a new signature."""
    receiver.answers += [
        web.Response(status=503),
        web.Response(status=429, headers={"Retry-After": "900"}),
    ]
    path = await send_test(client, await add_notification())
    await carry()
    found = await look(client, path)
    assert (found["status"], found["attempts"], found["reason"]) == ("waiting", 1, "Answered 503.")
    await carry()
    assert len(receiver.received) == 1
    await clock.sleep(FIRST_WAIT_S)
    await carry()
    assert (await look(client, path))["status_code"] == 429
    await clock.sleep(890)
    await carry()
    assert len(receiver.received) == 2
    await clock.sleep(11)
    await carry()
    found = await look(client, path)
    assert (found["status"], found["attempts"], found["reason"]) == ("delivered", 3, None)
    assert len({each.headers["x-myx-delivery"] for each in receiver.received}) == 1
    assert len({each.headers["x-myx-signature"] for each in receiver.received}) == 3
    assert len({each.body for each in receiver.received}) == 1


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410])
async def test_what_another_attempt_does_not_better(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    status: int,
) -> None:  # fmt: skip
    """Is not tried again, and no redirect is followed; it can be sent again by hand."""
    headers = {"Location": receiver.url.replace("s3cret-path", "elsewhere")}
    receiver.answers.append(web.Response(status=status, headers=headers))
    path = await send_test(client, await add_notification())
    await carry()
    found = await look(client, path)
    assert (found["status"], found["status_code"]) == ("failed", status)
    assert str(status) in found["reason"]
    await carry()
    assert [each.path for each in receiver.received] == ["/services/s3cret-path"]
    assert (await client.post(f"{path}/redeliver")).status_code == 202
    await carry()
    assert (await look(client, path))["status"] == "delivered"
    first, second = receiver.received
    assert first.headers["x-myx-delivery"] == second.headers["x-myx-delivery"]


async def test_what_nobody_takes_is_given_up(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    clock: ManualClock,
) -> None:  # fmt: skip
    """After a day, with the reason of the last attempt."""
    path = await send_test(client, await add_notification())
    await receiver.close()
    for _ in range(60):
        await carry()
        if (await look(client, path))["status"] == "failed":
            break
        await clock.sleep(3600)
    found = await look(client, path)
    assert found["status"] == "failed"
    assert 20 < found["attempts"] < 40
    assert found["reason"].startswith("No connection: ")
    assert clock.monotonic() <= GIVE_UP_S


async def test_one_of_many_that_fails_holds_up_only_its_run(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    clock: ManualClock,
) -> None:  # fmt: skip
    """The end of a run is not told before its start; other runs are told of meanwhile."""
    await add_notification()
    run = {"kind": "command", "command": ["echo"], "limit": "web1"}
    for _ in range(2):
        started = (await client.post("/runs", json=run)).json()
        await client.get(f"/runs/{started['id']}/stream")
    receiver.answers.append(web.Response(status=500))
    await carry()
    await clock.sleep(FIRST_WAIT_S)
    await carry()
    told = [(each.payload["run"]["id"], each.payload["event"]) for each in receiver.received]
    assert told == [
        (1, "run_started"),
        (2, "run_started"),
        (2, "run_successful"),
        (1, "run_started"),
        (1, "run_successful"),
    ]


async def test_a_sender_that_dies_is_followed_by_another(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    clock: ManualClock, composition: Composition,
) -> None:  # fmt: skip
    """While one sends nobody else does; what it did not settle is sent again under the same id."""
    path = await send_test(client, await add_notification())
    receiver.is_silent = True
    dying = Courier(composition.unit_of_work, composition.triggers.courier._sender)
    await dying.step()
    await receiver.wait_for(1)
    await carry()
    assert len(receiver.received) == 1
    await dying.close()
    receiver.is_silent = False
    await carry()
    assert len(receiver.received) == 1
    await clock.sleep(CLAIM_S)
    await carry()
    found = await look(client, path)
    assert (found["status"], found["attempts"]) == ("delivered", 2)
    assert receiver.received[0].body == receiver.received[1].body


async def test_replicas_send_each_delivery_once(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any,
    composition: Composition, database_url: str | None,
) -> None:  # fmt: skip
    """Several that step at the same time, each with connections of its own."""
    count = 5
    for number in range(count):
        added = await add_notification(name=f"n{number}")
        for _ in range(count):
            await send_test(client, added)
    run = {"kind": "command", "command": ["echo"], "limit": "web1"}
    await client.post("/runs", json=run)
    await client.get("/runs/1/stream")
    sender = composition.triggers.courier._sender
    others = [] if database_url is None else [Composition(composition.settings, composition.clock)]
    couriers = [Courier(each.unit_of_work, sender) for each in (composition, composition, *others)]
    for _ in range(3):
        await asyncio.gather(*(courier.step() for courier in couriers))
        await asyncio.gather(*(courier.finish() for courier in couriers))
    for other in others:
        await other.database.close()
    keys = [each.headers["x-myx-delivery"] for each in receiver.received]
    assert len(keys) == len(set(keys)) == count * (count + 2)


async def test_what_was_sent_long_ago_is_forgotten(
    client: httpx.AsyncClient, add_notification: Any, carry: Any, clock: ManualClock,
    composition: Composition,
) -> None:  # fmt: skip
    """But nothing that still waits."""
    added = await add_notification()
    await send_test(client, added)
    await carry()
    await send_test(client, added)
    await clock.sleep(31 * 24 * 3600)
    await composition.retention.sweep()
    listed = (await client.get(f"/notifications/{added['id']}/deliveries")).json()["results"]
    assert [each["status"] for each in listed] == ["waiting"]
