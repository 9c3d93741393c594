# SPDX-License-Identifier: GPL-3.0-or-later
"""What is audited: changes, sign-ins, what was refused; by whom and from where; no secrets."""

from typing import Any

import httpx
import pytest
from access_types import PASSWORD, AddUser, Connect, make_token, sign_in
from sqlalchemy import text

from api.composition import Composition


async def list_entries(admin: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    """Return the audit, oldest first."""
    answer = await admin.get("/audit", params={"order_by": "seq", **query})
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()["results"]
    return entries


async def test_a_change_is_told_with_who_and_from_where(
    admin: httpx.AsyncClient, add_user: AddUser, connect: Connect
) -> None:
    """Actor, credential, object, address, program and request stand in the entry."""
    await add_user(grants=[{"role": "admin"}])
    alice = connect()
    await sign_in(alice)
    alice.headers["User-Agent"] = "browser/1.0 \x7f" + "x" * 500
    body = {"name": "web1", "address": "192.0.2.1", "ssh_password": "hunter22"}
    created = await alice.post("/hosts", json=body)
    changed = await alice.patch("/hosts/web1", json={"variables": {"secret": "hunter22"}})
    assert (created.status_code, changed.status_code) == (201, 200)
    first, second = await list_entries(admin, object_kind="hosts", object_name="web1")
    assert (first["action"], second["action"]) == ("create_host", "update_host")
    assert (first["actor"], first["result"], first["address"]) == ("alice", "ok", "127.0.0.1")
    assert first["credential"].startswith("session/")
    assert first["request_id"] == created.headers["x-request-id"]
    assert first["user_agent"].startswith("browser/1.0 ?x")
    assert len(first["user_agent"]) == 200


async def test_sign_ins_are_told_failed_ones_too(
    admin: httpx.AsyncClient, add_user: AddUser, connect: Connect
) -> None:
    """Who tried it, and whether they came in."""
    await add_user()
    await connect().post("/session", json={"name": "alice", "password": "wrong"})
    alice = connect()
    await sign_in(alice)
    await alice.delete("/session")
    told = [(e["action"], e["actor"], e["result"]) for e in await list_entries(admin)]
    assert told == [
        ("create_user", "admin", "ok"),
        ("sign_in", "alice", "login_failed"),
        ("sign_in", "alice", "ok"),
        ("sign_out", "alice", "ok"),
    ]


async def test_refused_changes_are_told(
    admin: httpx.AsyncClient, add_user: AddUser, connect: Connect
) -> None:
    """A change that somebody may not make stands there with its refusal; reading does not."""
    await add_user()
    alice = connect()
    await sign_in(alice)
    assert (await alice.delete("/users/alice")).status_code == 403
    assert (await alice.get("/users")).status_code == 403
    [entry] = await list_entries(admin, result="permission_denied")
    assert (entry["actor"], entry["action"]) == ("alice", "delete_user")
    assert (entry["object_kind"], entry["object_name"]) == ("users", "alice")


async def test_a_preview_is_told_only_where_it_is_refused(
    admin: httpx.AsyncClient, add_user: AddUser, connect: Connect
) -> None:
    """It changes nothing, and a form asks for one as often as somebody types."""
    await admin.post("/hosts", json={"name": "web1", "address": "192.0.2.1"})
    await add_user(grants=[{"role": "viewer"}])
    alice = connect()
    await sign_in(alice)
    body = {"kind": "command", "command": ["true"], "limit": "all"}
    answers = [await client.post("/runs/preview", json=body) for client in (admin, alice)]
    assert [answer.status_code for answer in answers] == [200, 403]
    told = [entry for entry in await list_entries(admin) if entry["action"] == "preview_run"]
    assert [(entry["actor"], entry["result"]) for entry in told] == [("alice", "permission_denied")]


async def test_a_change_that_fails_is_not_told(admin: httpx.AsyncClient) -> None:
    """What did not happen has no entry, whoever asked for it."""
    assert (await admin.delete("/hosts/nobody")).status_code == 404
    assert (await admin.post("/hosts", json={})).status_code == 422
    assert await list_entries(admin) == []


async def test_the_audit_holds_no_secrets(
    admin: httpx.AsyncClient, add_user: AddUser, connect: Connect, parts: Composition
) -> None:
    """Neither passwords, nor tokens, nor cookies, nor what hosts are logged in with."""
    await add_user(grants=[{"role": "admin"}])
    alice = connect()
    csrf = await sign_in(alice)
    token = (await make_token(alice))["token"]
    await alice.put(
        "/account/password", json={"current_password": PASSWORD, "new_password": "x" * 20}
    )
    host = {"name": "web1", "address": "192.0.2.1", "ssh_password": "hunter22"}
    assert (await admin.post("/hosts", json=host)).status_code == 201
    async with parts.database.engine.connect() as connection:
        told = str((await connection.execute(text("SELECT * FROM audit_entries"))).all())
    for secret in (PASSWORD, "x" * 20, token, csrf, "hunter22"):
        assert secret not in told


async def test_only_admins_of_everything_read_it(
    admin: httpx.AsyncClient, add_user: AddUser, connect: Connect
) -> None:
    """Operators and admins of a group do not."""
    await add_user("bob", grants=[{"role": "operator"}, {"role": "admin", "groups": ["web"]}])
    bob = connect()
    await sign_in(bob, "bob")
    assert (await bob.get("/audit")).status_code == 403
    assert (await admin.get("/audit/verification")).json()["intact"] is True


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"actor": "admin"}, 3),
        ({"actor": "nobody"}, 0),
        ({"action": "create_group"}, 2),
        ({"object_kind": "groups", "object_name": "web"}, 2),
        ({"before": "2026-01-01T00:00:00Z"}, 0),
        ({"after": "2026-01-01T00:00:00Z"}, 3),
    ],
)
async def test_the_audit_is_filtered(
    admin: httpx.AsyncClient, query: dict[str, str], count: int
) -> None:
    """By who, what, on what, and when; sorted and in pages."""
    for name in ("web", "db"):
        assert (await admin.post("/groups", json={"name": name})).status_code == 201
    assert (await admin.delete("/groups/web")).status_code == 204
    assert len(await list_entries(admin, **query)) == count
    page = (await admin.get("/audit", params={"page_size": 1})).json()
    assert (page["count"], page["results"][0]["action"]) == (3, "delete_group")
