# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody sees and may do whose rights end with a group that has groups in it."""

from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI
from known_principals import KnownPrincipals
from run_types import AddHost

from api.auth.principals import ADMIN, Grant, Principal
from api.auth.scopes import Reach
from api.composition import Composition

SERVERS = Reach(groups=frozenset({"servers"}))
PEOPLE = (
    ADMIN,
    Principal("viewer", (Grant("viewer", SERVERS),)),
    Principal("chief", (Grant("admin", SERVERS),)),
)

As = Callable[[str], httpx.AsyncClient]


@pytest.fixture
def composition(composition: Composition) -> Composition:
    """Return a control plane to which the token is a principal's name."""
    composition.access.authenticator = KnownPrincipals(*PEOPLE)  # type: ignore[assignment]
    return composition


@pytest.fixture
def client(app: FastAPI) -> httpx.AsyncClient:
    """Return the admin's client."""
    return connect(app, "admin")


@pytest.fixture
async def by(app: FastAPI, client: httpx.AsyncClient, add_host: AddHost) -> As:
    """Return a function that returns somebody's client, to hosts in groups in groups."""
    await add_host("web1", "web")
    await add_host("db1", "db")
    for name, children in (("front", ["web"]), ("servers", ["front"])):
        answer = await client.post("/groups", json={"name": name, "children": children})
        assert answer.status_code == 201
    return lambda name: connect(app, name)


def connect(app: FastAPI, name: str) -> httpx.AsyncClient:
    """Return a client with somebody's name as token."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://myx/api/v1",
        headers={"Authorization": f"Bearer {name}"},
    )


async def test_a_group_stands_for_the_groups_in_it(by: As) -> None:
    """Hosts and groups deep inside are seen, others are not there."""
    hosts = (await by("viewer").get("/hosts")).json()
    assert [host["name"] for host in hosts["results"]] == ["web1"]
    groups = (await by("viewer").get("/groups")).json()
    assert [group["name"] for group in groups["results"]] == ["front", "servers", "web"]
    assert (await by("viewer").get("/groups/db")).status_code == 404
    assert (await by("viewer").get("/hosts", params={"pattern": "all"})).json()["count"] == 1


async def test_runs_reach_the_groups_inside(by: As) -> None:
    """A run on a host deep inside starts, one beyond is refused with its name."""
    command = {"kind": "command", "command": ["true"]}
    allowed = await by("chief").post("/runs", json={**command, "limit": "web"})
    assert allowed.status_code == 201, allowed.text
    refused = await by("chief").post("/runs", json={**command, "limit": "all"})
    assert refused.status_code == 403
    assert "db1" in refused.json()["detail"]


async def test_hosts_move_among_the_groups_inside(by: As) -> None:
    """Whoever has a group may use those in it, and no other."""
    moved = await by("chief").patch("/hosts/web1", json={"groups": ["front"]})
    assert moved.status_code == 200, moved.text
    for groups in (["front", "db"], ["new"], []):
        answer = await by("chief").patch("/hosts/web1", json={"groups": groups})
        assert answer.status_code == 403, groups


async def test_groups_are_changed_by_those_who_may_everywhere(by: As) -> None:
    """A group's variables may concern hosts of others."""
    answer = await by("chief").patch("/groups/web", json={"variables": {"a": 1}})
    assert answer.status_code == 403
