# SPDX-License-Identifier: GPL-3.0-or-later
"""Webhooks: what is rightly signed runs once; everything else says nothing and leaves little."""

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
from access_types import AddUser, Connect
from manual_clock import ManualClock

from api.composition import Composition
from api.triggers.signatures import sign

RUN = {"kind": "command", "command": ["true"], "limit": "web1"}


async def add(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    """Add a webhook."""
    answer = await client.post("/webhooks", json={"name": "deploy", "run": RUN, **changes})
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    return added


async def deliver(
    connect: Connect, clock: ManualClock, webhook: dict[str, Any], payload: Any, **given: Any
) -> httpx.Response:
    """Deliver something, rightly signed unless told otherwise."""
    body = json.dumps(payload).encode()
    at, delivery_id = int(clock.now().timestamp()), given.get("id", "d1")
    secret = given.get("secret", webhook.get("secret", "none"))
    headers = {
        "X-MyX-Timestamp": str(at),
        "X-MyX-Delivery": delivery_id,
        "X-MyX-Signature": sign(secret, at, delivery_id, body),
    }
    path = webhook["path"].removeprefix("/api/v1")
    return await connect().post(path, content=body, headers=headers)


async def test_a_delivery_runs_once(
    client: httpx.AsyncClient, connect: Connect, clock: ManualClock
) -> None:
    """The same one again is answered as it was; the list says what came of it."""
    webhook = await add(client)
    first = await deliver(connect, clock, webhook, {})
    again = await deliver(connect, clock, webhook, {})
    assert first.status_code == 202
    assert first.json() == again.json()
    assert first.json()["outcome"] == "ran"
    assert (await client.get("/runs")).json()["count"] == 1
    [listed] = (await client.get(f"/webhooks/{webhook['id']}/deliveries")).json()["results"]
    assert (listed["outcome"], listed["run_id"]) == ("ran", first.json()["run_id"])
    entries = (await client.get("/audit", params={"action": "create_run"})).json()["results"]
    assert [entry["credential"] for entry in entries] == [f"webhook/{webhook['id']}"]


async def test_what_is_wrongly_signed(
    client: httpx.AsyncClient, connect: Connect, clock: ManualClock
) -> None:
    """Is answered as where there is no webhook, counted and not kept; then it is slowed down."""
    webhook = await add(client)
    wrong = await deliver(connect, clock, webhook, {}, secret="wrong")
    nowhere = await deliver(connect, clock, {"path": "/api/v1/webhooks/77/deliveries"}, {})
    assert wrong.status_code == nowhere.status_code == 401
    assert wrong.json() == nowhere.json()
    shown = (await client.get(f"/webhooks/{webhook['id']}")).json()
    assert shown["refused_count"] == 1
    assert "secret" not in shown
    assert (await client.get(f"/webhooks/{webhook['id']}/deliveries")).json()["count"] == 0
    statuses = [(await deliver(connect, clock, webhook, {}, secret="x")).status_code] * 0
    for _ in range(10):
        statuses.append((await deliver(connect, clock, webhook, {}, secret="x")).status_code)
    assert statuses[-1] == 429
    too_large = await connect().post(
        webhook["path"].removeprefix("/api/v1"), content=b"x" * (1024 * 1024 + 1)
    )
    assert too_large.status_code in {413, 429}


async def test_rules_and_variables(
    client: httpx.AsyncClient, connect: Connect, clock: ManualClock, composition: Composition
) -> None:
    """What does not match is ignored with its reason; values become variables of the run."""
    webhook = await add(
        client,
        run={"kind": "playbook", "playbook": "site.yml", "limit": "web"},
        matchers=[{"pointer": "/ref", "matches": "^refs/heads/main$"}],
        variables=[{"name": "version", "pointer": "/v", "required": True}],
        limit_from="/host",
    )
    payload = {"ref": "refs/heads/main", "v": "1.2", "host": "web1"}
    for number, (change, reason) in enumerate(
        [
            ({"ref": "refs/tags/x"}, "/ref does not match"),
            ({"v": "{{ x }}"}, "/v is too long"),
            ({"host": "all:!web1"}, "/host is not the name"),
        ]
    ):
        ignored = await deliver(connect, clock, webhook, payload | change, id=str(number))
        assert ignored.json()["outcome"] == "ignored"
        assert reason in ignored.json()["reason"]
    ran = (await deliver(connect, clock, webhook, payload, id="last")).json()
    assert ran["outcome"] == "ran", ran
    assert (await client.get(f"/runs/{ran['run_id']}")).json()["limit"] == "web:&web1"
    async with composition.unit_of_work(read_only=True) as work:
        order = await work.runs.read_order(ran["run_id"])
    assert order.secrets["extra_vars"] == {"version": "1.2"}


@pytest.mark.parametrize("limit", ["web1,db1", "web1:db1", "all"])
async def test_a_payload_narrows_any_limit(
    client: httpx.AsyncClient, connect: Connect, clock: ManualClock, limit: str
) -> None:
    """However its terms are separated: what the payload does not name is left alone."""
    await client.post("/hosts", json={"name": "db1", "address": "192.0.2.2"})
    webhook = await add(client, run=RUN | {"limit": limit}, limit_from="/host")
    ran = (await deliver(connect, clock, webhook, {"host": "db1"})).json()
    listed = (await client.get(f"/runs/{ran['run_id']}/executions")).json()["results"]
    assert [each["host"] for each in listed] == ["db1"]


async def test_two_secrets_are_right_while_one_is_replaced(
    client: httpx.AsyncClient, connect: Connect, clock: ManualClock
) -> None:
    """The old one ends with the overlap."""
    old = await add(client)
    new = (await client.post(f"/webhooks/{old['id']}/rotate", json={"overlap_s": 60})).json()
    assert old["secret"] != new["secret"]
    assert (await deliver(connect, clock, old, {}, id="1")).status_code == 202
    assert (await deliver(connect, clock, new, {}, id="2")).status_code == 202
    await clock.sleep(61)
    assert (await deliver(connect, clock, old, {}, id="3")).status_code == 401
    assert (await deliver(connect, clock, new, {}, id="4")).status_code == 202


async def test_github(client: httpx.AsyncClient, connect: Connect) -> None:
    """Its signature is over the body alone, so the body is what comes once."""
    webhook = await add(client, scheme="github")
    body = b'{"zen": 1}'
    digest = hmac.new(webhook["secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={digest}"}
    path = webhook["path"].removeprefix("/api/v1")
    answers = [await connect().post(path, content=body, headers=headers) for _ in range(2)]
    assert [answer.json()["outcome"] for answer in answers] == ["ran", "ran"]
    assert (await client.get("/runs")).json()["count"] == 1


async def test_whose_webhook_it_is(
    client: httpx.AsyncClient, connect: Connect, clock: ManualClock, add_operator: AddUser
) -> None:
    """Patterns are for admins, and the owner's rights of the moment count."""
    alice = connect((await add_operator())["token"])
    body = {"name": "x", "run": RUN, "matchers": [{"pointer": "/a", "matches": "x"}]}
    assert (await alice.post("/webhooks", json=body)).json()["code"] == "webhook_refused"
    webhook = await add(alice)
    await client.patch("/users/alice", json={"is_disabled": True})
    failed = (await deliver(connect, clock, webhook, {})).json()
    assert failed["outcome"] == "failed"
    assert failed["reason"].startswith("owner_gone")


@pytest.mark.parametrize("change", [{"is_enabled": False}])
async def test_a_disabled_webhook_refuses(
    client: httpx.AsyncClient, connect: Connect, clock: ManualClock, change: dict[str, Any]
) -> None:
    """As if it were not there; removing it leaves its runs."""
    webhook = await add(client)
    path = f"/webhooks/{webhook['id']}"
    assert (await client.patch(path, json=change)).status_code == 200
    assert (await deliver(connect, clock, webhook, {})).status_code == 401
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
