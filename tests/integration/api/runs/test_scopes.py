# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody sees and may do whose rights end with groups and templates."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from known_principals import KnownPrincipals
from run_types import AddHost, Follow, PostRun
from sse import parse_events

from api.auth.principals import ADMIN, Grant, Principal
from api.auth.scopes import Reach
from api.composition import Composition

WEB = frozenset({"web"})
EVERYWHERE = {"kind": "command", "command": ["echo", "hello"], "limit": "all"}
ON_WEB = EVERYWHERE | {"limit": "web"}

PEOPLE = (
    ADMIN,
    Principal("viewer", (Grant("viewer", Reach(groups=WEB)),)),
    Principal("operator", (Grant("viewer"), Grant("operator", Reach(groups=WEB)))),
    Principal("deployer", (Grant("operator", Reach(WEB, frozenset({"site.yml"}))),)),
    Principal("webadmin", (Grant("admin", Reach(groups=WEB)),)),
)

As = Callable[[str], httpx.AsyncClient]


@pytest.fixture
def composition(composition: Composition) -> Composition:
    """Return a control plane to which the token is a principal's name."""
    composition.access.authenticator = KnownPrincipals(*PEOPLE)  # type: ignore[assignment]
    return composition


@pytest.fixture
async def client(app: FastAPI) -> httpx.AsyncClient:
    """Return the admin's client."""
    return connect(app, "admin")


@pytest.fixture
def by(app: FastAPI) -> As:
    """Return a function that returns the client of somebody."""
    return lambda name: connect(app, name)


@pytest.fixture
async def fleet_of_two(add_host: AddHost) -> None:
    """Add a host of the group web and one of the group db."""
    await add_host("web1", "web", "eu")
    await add_host("db1", "db", "eu")


def connect(app: FastAPI, name: str) -> httpx.AsyncClient:
    """Return a client with somebody's name as token; it holds nothing that needs closing."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://myx/api/v1",
        headers={"Authorization": f"Bearer {name}"},
    )


async def list_column(client: httpx.AsyncClient, path: str, column: str) -> list[Any]:
    """Return a column of a list, whose count must be right."""
    page = (await client.get(path)).json()
    assert page["count"] == len(page["results"])
    return [row[column] for row in page["results"]]


@pytest.mark.usefixtures("fleet_of_two")
async def test_hosts_beyond_the_scope_are_not_there(by: As) -> None:
    """A viewer of web lists and shows web's hosts; others answer 404, as if they did not exist."""
    viewer = by("viewer")
    assert await list_column(viewer, "/hosts", "name") == ["web1"]
    assert await list_column(viewer, "/hosts?group=db", "name") == []
    assert (await viewer.get("/hosts/web1")).status_code == 200
    unknown, foreign = await viewer.get("/hosts/nobody"), await viewer.get("/hosts/db1")
    assert (unknown.status_code, foreign.status_code) == (404, 404)
    assert foreign.json()["detail"] == unknown.json()["detail"].replace("nobody", "db1")
    assert (await viewer.get("/hosts/db1/status")).status_code == 404
    assert (await viewer.get("/hosts/web1/status")).status_code == 200


@pytest.mark.usefixtures("fleet_of_two")
async def test_of_runs_only_the_own_part_is_seen(by: As, post_run: PostRun, follow: Follow) -> None:
    """Of a run over both hosts a viewer of web sees web's execution; a run elsewhere is 404."""
    both = (await post_run(**EVERYWHERE))["id"]
    elsewhere = (await post_run(**EVERYWHERE | {"limit": "db1"}))["id"]
    for run_id in (both, elsewhere):
        await follow(run_id)
    viewer, admin = by("viewer"), by("admin")

    assert await list_column(viewer, "/runs", "id") == [both]
    assert await list_column(viewer, f"/runs/{both}/executions", "host") == ["web1"]
    assert (await viewer.get(f"/runs/{both}")).json()["counts"] == {"successful": 1}
    stream = parse_events((await viewer.get(f"/runs/{both}/stream")).text)
    shown = {data["host"] for name, data in stream if name in {"execution", "log"}}
    assert shown == {"web1"}
    for path in ("", "/executions", "/stream"):
        assert (await viewer.get(f"/runs/{elsewhere}{path}")).status_code == 404
    [foreign] = await list_column(admin, f"/runs/{elsewhere}/executions", "id")
    for path in ("", "/log", "/log/download", "/events"):
        assert (await admin.get(f"/executions/{foreign}{path}")).status_code == 200
        assert (await viewer.get(f"/executions/{foreign}{path}")).status_code == 404


@pytest.mark.usefixtures("fleet_of_two")
async def test_a_run_is_refused_with_the_names_that_are_out_of_reach(by: As) -> None:
    """Nothing starts where one of the targets is beyond the scope, though it can be seen."""
    operator = by("operator")
    assert await list_column(operator, "/hosts", "name") == ["db1", "web1"]
    refused = await operator.post("/runs", json=EVERYWHERE)
    assert refused.status_code == 403
    assert refused.json()["code"] == "permission_denied"
    assert "on db1." in refused.json()["detail"]
    assert await list_column(by("admin"), "/runs", "id") == []
    started = await operator.post("/runs", json=ON_WEB)
    assert (started.status_code, started.json()["created_by"]) == (201, "operator")


@pytest.mark.usefixtures("fleet_of_two")
async def test_a_grant_for_a_template_runs_only_that(by: As) -> None:
    """Neither commands, nor other playbooks, nor content of one's own under that name."""
    deployer = by("deployer")
    site = {"kind": "playbook", "playbook": "site.yml"}
    for body in (
        ON_WEB,
        site | {"playbook": "local.yml", "limit": "web1"},
        site | {"bundle_digest": "ab" * 32},
    ):
        refused = await deployer.post("/runs", json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied"), body
    started = await deployer.post("/runs", json=site)
    assert started.status_code == 201, started.text
    await by("admin").post("/runs", json=ON_WEB)
    assert await list_column(deployer, "/runs", "name") == ["site.yml"]


async def test_a_run_that_goes_further_is_not_canceled(
    add_host: AddHost, by: As, post_run: PostRun, follow: Follow
) -> None:
    """Who may cancel on web cancels neither what also runs on db nor what they cannot see."""
    await add_host("web1", "web")
    await add_host("db1", "db")
    both = (await post_run(**EVERYWHERE))["id"]
    db_only = (await post_run(**EVERYWHERE | {"limit": "db"}))["id"]
    own = (await post_run(**ON_WEB))["id"]
    refused = await by("operator").post(f"/runs/{both}/cancel")
    assert refused.status_code == 403
    assert "db1" in refused.json()["detail"]
    assert (await by("webadmin").post(f"/runs/{db_only}/cancel")).status_code == 404
    assert (await by("operator").post(f"/runs/{own}/cancel")).status_code == 202
    for run_id in (both, db_only, own):
        await follow(run_id)


@pytest.mark.usefixtures("fleet_of_two")
async def test_an_admin_of_a_group_changes_its_hosts_only(by: As) -> None:
    """Hosts of other groups are not there, and no host is moved over the border."""
    webadmin = by("webadmin")
    new = {"name": "web2", "address": "192.0.2.9"}
    assert (await webadmin.post("/hosts", json=new)).status_code == 403
    assert (await webadmin.post("/hosts", json=new | {"groups": ["db"]})).status_code == 403
    assert (await webadmin.post("/hosts", json=new | {"groups": ["web"]})).status_code == 201
    taken = {"name": "db1", "address": "192.0.2.9", "groups": ["web"]}
    assert (await webadmin.post("/hosts", json=taken)).status_code == 409
    assert (await webadmin.patch("/hosts/db1", json={"groups": ["web"]})).status_code == 404
    moved = await webadmin.patch("/hosts/web2", json={"groups": ["db", "web"]})
    assert (moved.status_code, moved.json()["code"]) == (403, "groups_out_of_reach")
    assert (await webadmin.delete("/hosts/db1")).status_code == 404
    assert (await webadmin.delete("/hosts/web2")).status_code == 204
    installed = await webadmin.post("/hosts/install", json={"hosts": ["web1", "db1"]})
    assert installed.status_code == 403
    assert "db1" in installed.json()["detail"]
