# SPDX-License-Identifier: GPL-3.0-or-later
"""API tokens: shown once, scoped, expiring, revocable, several at once."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from access_types import AddUser, Connect, make_token, sign_in
from manual_clock import ManualClock
from sqlalchemy import text

from api.composition import Composition

WEB_VIEWER = [{"role": "viewer", "groups": ["web"], "templates": None}]


@pytest.fixture
async def alice(add_user: AddUser, connect: Connect) -> httpx.AsyncClient:
    """Return a client of Alice, who is an operator and has signed in."""
    await add_user(grants=[{"role": "operator"}])
    client = connect()
    await sign_in(client)
    return client


async def test_a_token_is_shown_once_and_kept_as_a_digest(
    alice: httpx.AsyncClient, connect: Connect, parts: Composition
) -> None:
    """Neither lists nor the database nor the audit hold the token; its beginning is shown."""
    made = await make_token(alice)
    token = made.pop("token")
    assert token.startswith(made["prefix"])
    [listed] = (await alice.get("/tokens")).json()["results"]
    assert listed == made
    assert (await connect(token).get("/account")).json()["name"] == "alice"
    async with parts.database.engine.connect() as connection:
        for table in ("api_tokens", "audit_entries"):
            rows = (await connection.execute(text(f"SELECT * FROM {table}"))).all()  # noqa: S608
            assert rows
            assert token not in str(rows)
            assert token[10:] not in str(rows)


async def test_a_token_may_what_it_was_made_for(alice: httpx.AsyncClient, connect: Connect) -> None:
    """The smaller of both holds: the token's rights and its user's."""
    viewer = connect((await make_token(alice, grants=WEB_VIEWER))["token"])
    too_much = connect((await make_token(alice, grants=[{"role": "admin"}]))["token"])
    run = {"kind": "command", "command": ["true"], "limit": "all"}
    assert (await viewer.get("/account")).json()["grants"] == WEB_VIEWER
    assert (await viewer.post("/runs", json=run)).status_code == 403
    assert (await too_much.get("/account")).json()["grants"][0]["role"] == "operator"
    assert (await too_much.get("/users")).status_code == 403


async def test_a_token_makes_only_smaller_ones(
    alice: httpx.AsyncClient, connect: Connect, clock: ManualClock
) -> None:
    """Neither more rights nor a longer life than the token that asks has."""
    soon = (clock.now() + timedelta(hours=1)).isoformat()
    later = (clock.now() + timedelta(hours=2)).isoformat()
    first = connect((await make_token(alice, grants=WEB_VIEWER, expires_at=soon))["token"])
    second = await make_token(first)
    assert (second["grants"], second["expires_at"][:19]) == (WEB_VIEWER, soon[:19])
    wider = await make_token(first, grants=[{"role": "admin", "groups": ["web", "db"]}])
    assert wider["grants"] == WEB_VIEWER
    for body in (
        {"expires_at": later},
        {"grants": [{"role": "viewer", "groups": ["db"]}]},
        {"user": "bob"},
        {"is_own": True, "grants": WEB_VIEWER},
        {"expires_at": "2020-01-01T00:00:00Z"},
    ):
        refused = await first.post("/tokens", json={"name": "x", **body})
        assert (refused.status_code, refused.json()["code"]) == (422, "token_refused"), body


async def test_tokens_end(alice: httpx.AsyncClient, connect: Connect, clock: ManualClock) -> None:
    """By their time, or by being revoked; the others of the same user go on."""
    soon = (clock.now() + timedelta(hours=1)).isoformat()
    expiring = await make_token(alice, name="old", expires_at=soon)
    revoked = await make_token(alice, name="lost")
    lasting = await make_token(alice, name="new")
    clients = [connect(made["token"]) for made in (expiring, revoked, lasting)]
    assert [(await c.get("/account")).status_code for c in clients] == [200, 200, 200]
    await clock.sleep(3600)
    assert (await alice.delete(f"/tokens/{revoked['id']}")).json()["is_valid"] is False
    assert [(await c.get("/account")).status_code for c in clients] == [401, 401, 200]
    valid = (await alice.get("/tokens", params={"is_valid": True})).json()
    assert [row["name"] for row in valid["results"]] == ["new"]
    assert (await alice.get("/tokens", params={"is_valid": False})).json()["count"] == 2


async def test_tokens_of_others(
    alice: httpx.AsyncClient, admin: httpx.AsyncClient, add_user: AddUser, connect: Connect
) -> None:
    """One sees and revokes one's own; who manages users sees and makes everybody's."""
    await add_user("bob")
    bobs = await make_token(admin, user="bob")
    assert (await connect(bobs["token"]).get("/account")).json()["name"] == "bob"
    assert (await alice.get("/tokens")).json()["count"] == 0
    assert (await alice.delete(f"/tokens/{bobs['id']}")).status_code == 404
    assert (await admin.get("/tokens", params={"user": "bob"})).json()["count"] == 1
    assert (await admin.delete(f"/tokens/{bobs['id']}")).status_code == 200
    own = await make_token(admin, name="pipeline", is_own=True, grants=WEB_VIEWER)
    shown: dict[str, Any] = (await connect(own["token"]).get("/account")).json()
    assert (shown["name"], own["user"]) == ("token:pipeline", None)
    assert (await admin.post("/tokens", json={"name": "x", "is_own": True})).status_code == 422
    assert (await admin.post("/tokens", json={"name": "x"})).status_code == 422


async def test_the_last_use_is_written_now_and_then(
    alice: httpx.AsyncClient, connect: Connect, clock: ManualClock, parts: Composition
) -> None:
    """Behind the requests' backs, to the minute, with the address."""
    made = await make_token(alice)
    program = connect(made["token"])

    async def read_last_use() -> tuple[str, str]:
        await parts.access.last_uses.finish()
        [row] = (await alice.get("/tokens")).json()["results"]
        return row["last_used_at"], row["last_used_from"]

    await program.get("/account")
    first = await read_last_use()
    assert first[1] == "127.0.0.1"
    await clock.sleep(59)
    await program.get("/account")
    assert await read_last_use() == first
    await clock.sleep(1)
    await program.get("/account")
    assert (await read_last_use())[0] > first[0]
