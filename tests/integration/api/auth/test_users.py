# SPDX-License-Identifier: GPL-3.0-or-later
"""Users: made, changed, disabled, deleted by admins; their own password by themselves."""

import httpx
import pytest
from access_types import PASSWORD, AddUser, Connect, make_token, sign_in
from sqlalchemy import text

from api.composition import Composition

NEW = "another password of Alice"


async def test_an_admin_makes_users(
    admin: httpx.AsyncClient, add_user: AddUser, parts: Composition
) -> None:
    """A user is listed with what they may; of the password only an Argon2 hash is kept."""
    grants = [{"role": "operator", "groups": ["web"], "templates": None}]
    added = await add_user(grants=grants)
    assert (added["grants"], added["has_password"], added["is_disabled"]) == (grants, True, False)
    assert (await admin.get("/users")).json()["results"] == [added]
    assert (await admin.get("/users/alice")).json() == added
    assert (await admin.post("/users", json={"name": "alice", "grants": grants})).status_code == 409
    async with parts.database.engine.connect() as connection:
        [kept] = (await connection.scalars(text("SELECT password_hash FROM users"))).all()
    assert kept.startswith("$argon2id$")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "admin"},
        {"name": "myx"},
        {"name": "Alice"},
        {"name": "a b"},
        {"name": "alice", "password": "short"},
        {"name": "alice", "grants": []},
        {"name": "alice", "grants": [{"role": "root"}]},
        {"name": "alice", "grants": [{"role": "viewer", "groups": []}]},
    ],
)
async def test_what_is_no_user_is_refused(
    admin: httpx.AsyncClient, body: dict[str, object]
) -> None:
    """Names that mean something else, short passwords, empty limits: told with their field."""
    answer = await admin.post("/users", json={"grants": [{"role": "viewer"}], **body})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].split(".")[0] in body
    assert "short" not in answer.json()["detail"]


async def test_changes_of_rights_hold_at_once(
    admin: httpx.AsyncClient, add_user: AddUser, connect: Connect
) -> None:
    """A session and a token may what their user may at this moment."""
    await add_user()
    alice = connect()
    await sign_in(alice)
    program = connect((await make_token(alice))["token"])
    assert (await alice.get("/hosts")).status_code == (await program.get("/hosts")).status_code
    await admin.patch("/users/alice", json={"grants": [{"role": "admin"}]})
    assert [(await who.get("/users")).status_code for who in (alice, program)] == [200, 200]
    await admin.patch("/users/alice", json={"is_disabled": True})
    assert [(await who.get("/users")).status_code for who in (alice, program)] == [401, 401]
    await admin.patch("/users/alice", json={"is_disabled": False})
    assert [(await who.get("/users")).status_code for who in (alice, program)] == [401, 200]
    assert (await admin.delete("/users/alice")).status_code == 204
    assert (await program.get("/users")).status_code == 401
    assert (await admin.get("/users/alice")).status_code == 404


async def test_a_new_password_ends_all_sessions(add_user: AddUser, connect: Connect) -> None:
    """Changing one's password needs the present one and ends every session, this one too."""
    await add_user()
    here, there = connect(), connect()
    await sign_in(here)
    await sign_in(there)
    wrong = await here.put(
        "/account/password", json={"current_password": "no", "new_password": NEW}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_password")
    changed = await here.put(
        "/account/password", json={"current_password": PASSWORD, "new_password": NEW}
    )
    assert changed.status_code == 204
    assert [(await who.get("/account")).status_code for who in (here, there)] == [401, 401]
    old = await connect().post("/session", json={"name": "alice", "password": PASSWORD})
    assert old.status_code == 401
    await sign_in(connect(), password=NEW)


async def test_an_admin_sets_a_password(
    admin: httpx.AsyncClient, add_user: AddUser, connect: Connect
) -> None:
    """A password that an admin sets ends the user's sessions too."""
    await add_user()
    alice = connect()
    await sign_in(alice)
    assert (await admin.patch("/users/alice", json={"password": NEW})).status_code == 200
    assert (await alice.get("/account")).status_code == 401
    await sign_in(connect(), password=NEW)


async def test_everybody_sees_who_they_are(
    admin: httpx.AsyncClient, add_user: AddUser, connect: Connect
) -> None:
    """The account tells name, credential and rights."""
    await add_user(grants=[{"role": "viewer", "groups": ["web"]}])
    alice = connect()
    await sign_in(alice)
    shown = (await alice.get("/account")).json()
    assert (shown["name"], shown["grants"][0]["groups"]) == ("alice", ["web"])
    assert shown["credential"].startswith("session/")
    assert (await admin.get("/account")).json()["credential"] == "admin_token"
