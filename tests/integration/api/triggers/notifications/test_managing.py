# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications as objects: who may see and change them, and what of them is never shown."""

import json
from typing import Any

import httpx
import pytest
from access_types import AddUser, Connect
from https_receiver import HttpsReceiver
from manual_clock import ManualClock
from stored_bytes import read_stored

from api.core.settings import Settings
from api.triggers.signatures import sign

SECRET = "a-secret-of-the-receiver-0123456789"
HEADERS = {"Authorization": "Bearer h3ader-value"}


async def test_the_whole_life(client: httpx.AsyncClient, add_notification: Any) -> None:
    """It is added, listed, changed and removed, and each change is audited."""
    added = await add_notification(groups=["web"])
    path = f"/notifications/{added['id']}"
    shown = (await client.get(path)).json()
    assert added == {**shown, "secret": added["secret"]}
    assert (shown["owner"], shown["groups"], shown["is_enabled"]) == ("admin", ["web"], True)
    changes = {"events": ["host_online", "host_offline"], "groups": [], "is_enabled": False}
    changed = (await client.patch(path, json=changes)).json()
    assert changed["events"] == ["host_offline", "host_online"]
    assert (changed["groups"], changed["is_enabled"]) == ([], False)
    assert (await client.get("/notifications")).json()["results"] == [changed]
    assert (await client.post(f"{path}/test")).json()["code"] == "notification_disabled"
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).json()["code"] == "notification_not_found"
    entries = (await client.get("/audit", params={"order_by": "seq"})).json()["results"]
    actions = [entry["action"] for entry in entries if entry["object_kind"] == "notifications"]
    assert {"create_notification", "update_notification", "delete_notification"} <= set(actions)


async def test_secrets_are_shown_once_and_kept_sealed(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    settings: Settings, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The secret, the path of the URL and the values of headers are in no answer, log or file."""
    added = await add_notification(headers=HEADERS, secret=SECRET)
    assert added["secret"] == SECRET
    path = f"/notifications/{added['id']}"
    await client.patch(path, json={"headers": {**HEADERS, "X-Team": "t3am-value"}})
    await client.post(f"{path}/test")
    await carry()
    assert receiver.received[0].headers["x-team"] == "t3am-value"
    await receiver.close()
    await client.post(f"{path}/test")
    await carry()
    answers = [
        (await client.get(each)).text
        for each in ("/notifications", path, f"{path}/deliveries", f"{path}/deliveries/2", "/audit")
    ]
    stored, logged = read_stored(settings), "".join(capfd.readouterr())
    for secret in (SECRET, "s3cret-path", "h3ader-value", "t3am-value"):
        assert secret not in "".join(answers)
        assert secret.encode() not in stored
        assert secret not in logged
    assert (await client.get(path)).json()["headers"] == ["Authorization", "X-Team"]


async def test_what_waits_and_what_was_sent_is_counted(
    client: httpx.AsyncClient, add_notification: Any, carry: Any
) -> None:
    """For those who watch the control plane."""
    path = f"/notifications/{(await add_notification())['id']}"
    for _ in range(2):
        await client.post(f"{path}/test")
    await carry()
    await client.post(f"{path}/test")
    figures = (await client.get("https://myx/metrics")).text
    assert 'myx_notification_deliveries{state="delivered"} 2.0' in figures
    assert 'myx_notification_deliveries{state="waiting"} 1.0' in figures


async def test_while_a_secret_is_replaced_both_sign(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    clock: ManualClock,
) -> None:  # fmt: skip
    """For as long as was asked; whoever has either of them may verify."""
    added = await add_notification()
    path = f"/notifications/{added['id']}"
    rotated = (await client.post(f"{path}/rotate", json={"overlap_s": 60})).json()
    expected = [rotated["secret"], added["secret"]]
    assert len(set(expected)) == 2
    for secrets in (expected, expected[:1]):
        await client.post(f"{path}/test")
        await carry()
        received = receiver.received[-1]
        at, key = int(received.headers["x-myx-timestamp"]), received.headers["x-myx-delivery"]
        signatures = [sign(secret, at, key, received.body) for secret in secrets]
        assert received.headers["x-myx-signature"] == ", ".join(signatures)
        await clock.sleep(61)


async def test_one_myx_tells_another(
    client: httpx.AsyncClient, connect: Connect, receiver: HttpsReceiver, add_notification: Any,
    carry: Any,
) -> None:  # fmt: skip
    """What one sends, a webhook of another takes, also while the secret is replaced; once."""
    run = {"kind": "command", "command": ["echo"], "limit": "web1"}
    matchers = [{"pointer": "/event", "equals": "test"}]
    body = {"name": "from-myx", "run": run, "matchers": matchers}
    webhook = (await client.post("/webhooks", json=body)).json()
    added = await add_notification(secret=webhook["secret"])
    path = f"/notifications/{added['id']}"
    await client.post(f"{path}/rotate", json={})
    await client.post(f"{path}/test")
    await carry()
    [received] = receiver.received
    deliveries = webhook["path"].removeprefix("/api/v1")
    for _ in range(2):
        answer = await connect().post(deliveries, content=received.body, headers=received.headers)
        assert answer.status_code == 202, answer.text
        assert answer.json()["outcome"] == "ran"
    assert (await client.get("/runs")).json()["count"] == 1


async def test_others_see_and_change_their_own(
    client: httpx.AsyncClient, connect: Connect, add_operator: AddUser, add_notification: Any
) -> None:
    """Whose reach is limited sees only their own; nobody but the owner and admins changes one."""
    limited = [{"role": "operator", "groups": ["web"]}]
    alice = connect((await add_operator("alice", grants=limited))["token"])
    bob = connect((await add_operator("bob"))["token"])
    viewer = connect((await add_operator("eve", grants=[{"role": "viewer"}]))["token"])
    admins = await add_notification()
    hers = await add_notification(alice, name="hers")
    path = f"/notifications/{hers['id']}"
    [seen] = (await alice.get("/notifications")).json()["results"]
    assert seen["id"] == hers["id"]
    assert (await bob.get("/notifications")).json()["count"] == 2
    assert (await alice.get(f"/notifications/{admins['id']}")).status_code == 404
    assert (await alice.get(f"/notifications/{admins['id']}/deliveries")).status_code == 404
    for method, verb in (("PATCH", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/test")):
        answer = await bob.request(method, path + verb, json=None if method == "DELETE" else {})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_owner")
    assert (await viewer.post(f"{path}/test")).status_code == 403
    assert (await client.patch(path, json={"is_enabled": False})).json()["owner"] == "alice"
    assert (await alice.delete(path)).status_code == 204


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://hooks.example.com/x"},
        {"url": "https://user:pa55word@hooks.example.com/x"},
        {"url": "https://hooks.example.com/x#part"},
        {"url": "https://hooks.example.com:0/x"},
        {"url": "https://hooks.example.com/a b"},
        {"url": "https://"},
        {"url": "https://[::1/"},
        {"headers": {"Host": "other"}},
        {"headers": {"X-MyX-Signature": "sha256=0"}},
        {"headers": {"X-Break": "a\r\nX-MyX-Event: b"}},
        {"headers": {"X Break": "a"}},
        {"headers": {"A": "1", "a": "2"}},
        {"headers": {"user-agent": "other"}},
        {"secret": "short"},
        {"secret": "with spaces " * 5},
        {"events": []},
        {"events": ["run_paused"]},
        {"labels": ["="]},
        {"templates": [""]},
    ],
)  # fmt: skip
async def test_what_cannot_be_sent_is_refused(
    client: httpx.AsyncClient, receiver: HttpsReceiver, changes: dict[str, Any]
) -> None:
    """With the field, and without what was sent."""
    body = {"name": "ops", "url": receiver.url, "events": ["run_failed"], **changes}
    answer = await client.post("/notifications", json=body)
    assert answer.status_code == 422, answer.text
    [field] = changes
    assert any(error["field"].startswith(field) for error in answer.json()["errors"])
    assert "pa55word" not in answer.text
    assert json.dumps(changes[field]) not in answer.text


async def test_there_is_a_limit(
    client: httpx.AsyncClient, add_notification: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is looked at for each event, so there are not any number of them; names are unique."""
    monkeypatch.setattr("api.notifications.service.MAX_NOTIFICATIONS", 3)
    for number in range(2):
        await add_notification(name=str(number))
    body = {"name": "0", "url": "https://hooks.example.com", "events": ["run_failed"]}
    assert (await client.post("/notifications", json=body)).json()["code"] == "notification_exists"
    await add_notification(name="last")
    body["name"] = "one more"
    assert (await client.post("/notifications", json=body)).json()["code"] == "notification_limit"
