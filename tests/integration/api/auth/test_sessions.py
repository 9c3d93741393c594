# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of browsers: their cookie, their end, and who may change something with them."""

import httpx
import pytest
from access_types import PASSWORD, AddUser, Connect, sign_in
from fastapi import FastAPI
from manual_clock import ManualClock
from sqlalchemy import text

from api.composition import Composition

ALICE = {"name": "alice", "password": PASSWORD}


@pytest.fixture
async def alice(add_user: AddUser, connect: Connect) -> httpx.AsyncClient:
    """Return the browser of Alice, who has signed in."""
    await add_user(grants=[{"role": "admin"}])
    client = connect()
    await sign_in(client)
    return client


async def test_the_cookie_is_closed_to_scripts_and_other_sites(
    add_user: AddUser, connect: Connect, app: FastAPI, parts: Composition
) -> None:
    """Over TLS it is bound to this host; what is kept of it is a digest."""
    await add_user()
    browser = connect()
    answer = await browser.post("/session", json=ALICE)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-myx-session=")
    for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert word in cookie
    assert "domain" not in cookie.lower()
    assert answer.headers["cache-control"] == "no-store"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as plain:
        answer = await plain.post("http://myx/api/v1/session", json=ALICE)
        assert answer.headers["set-cookie"].startswith("myx-session=")
        assert "Secure" not in answer.headers["set-cookie"]
    async with parts.database.engine.connect() as connection:
        rows = str((await connection.execute(text("SELECT * FROM sessions"))).all())
    assert browser.cookies["__Host-myx-session"] not in rows


async def test_a_change_needs_the_sessions_csrf_token(alice: httpx.AsyncClient) -> None:
    """The cookie alone reads and changes nothing; another session's token does not help."""
    right = alice.headers.pop("X-CSRF-Token")
    group = {"name": "web"}
    assert (await alice.get("/groups")).status_code == 200
    for header in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 64}):
        refused = await alice.post("/groups", json=group, headers=header)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf_token_missing")
    assert (await alice.get("/session")).json()["csrf_token"] == right
    done = await alice.post("/groups", json=group, headers={"X-CSRF-Token": right})
    assert done.status_code == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_no_form_of_another_site_signs_anybody_in(
    add_user: AddUser, connect: Connect, kind: str | None
) -> None:
    """What a page may send elsewhere without asking is not taken for a sign-in."""
    await add_user()
    browser = connect()
    content = httpx.Request("POST", "https://x", json=ALICE).content
    headers = {"Content-Type": kind} if kind else {}
    answer = await browser.post("/session", content=content, headers=headers)
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


async def test_signing_out_ends_the_session(alice: httpx.AsyncClient, connect: Connect) -> None:
    """On the server, not only in the browser."""
    copied = connect()
    copied.cookies = alice.cookies
    assert (await copied.get("/account")).status_code == 200
    assert (await alice.delete("/session")).status_code == 204
    assert "__Host-myx-session" not in alice.cookies
    assert (await copied.get("/account")).status_code == 401


async def test_sessions_end_by_idling_and_by_age(
    alice: httpx.AsyncClient, clock: ManualClock, parts: Composition
) -> None:
    """Each use puts off the first end, nothing puts off the second."""
    idle_s, max_s = parts.settings.session_idle_s, parts.settings.session_max_s
    passed = 0.0
    while passed + idle_s / 2 < max_s:
        await clock.sleep(idle_s / 2)
        passed += idle_s / 2
        assert (await alice.get("/account")).status_code == 200
        await parts.access.last_uses.finish()
    await clock.sleep(max_s - passed)
    assert (await alice.get("/account")).status_code == 401
    await sign_in(alice)
    await clock.sleep(idle_s)
    assert (await alice.get("/account")).status_code == 401


async def test_nobody_learns_which_names_there_are(
    add_user: AddUser, admin: httpx.AsyncClient, connect: Connect
) -> None:
    """A wrong name, a wrong password, a disabled user and one without password look the same."""
    await add_user("alice")
    await add_user("bob")
    await add_user("carol", password=None)
    await admin.patch("/users/bob", json={"is_disabled": True})
    answers = [
        await connect().post("/session", json={"name": name, "password": password})
        for name, password in (
            ("alice", "wrong"),
            ("bob", PASSWORD),
            ("carol", PASSWORD),
            ("nobody", PASSWORD),
        )
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


async def test_guessing_is_slowed_down_and_locks_nobody_out(
    add_user: AddUser, connect: Connect, clock: ManualClock
) -> None:
    """Who guessed too often waits; sessions go on, and so does who signs in elsewhere."""
    await add_user("alice")
    await add_user("bob")
    signed_in = connect()
    await sign_in(signed_in)
    for _ in range(5):
        wrong = await connect().post("/session", json={"name": "bob", "password": "wrong"})
        assert wrong.status_code == 401
    refused = await connect().post("/session", json={"name": "bob", "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    assert refused.headers["retry-after"] == "30"
    assert (await signed_in.get("/account")).status_code == 200
    await sign_in(connect(), "alice")
    await clock.sleep(30)
    await sign_in(connect(), "bob")


async def test_wrong_tokens_are_slowed_down_and_right_ones_are_not(
    connect: Connect, admin: httpx.AsyncClient
) -> None:
    """From an address that sent many wrong tokens the right one is still taken."""
    stranger = connect("myx_" + "x" * 43)
    answers = [await stranger.get("/account") for _ in range(61)]
    assert [a.status_code for a in answers] == [401] * 60 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert (await admin.get("/account")).status_code == 200
