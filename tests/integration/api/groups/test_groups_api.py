# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

import httpx
import pytest

from api.core.settings import Settings

GROUPS = "/api/v1/groups"
HOSTS = "/api/v1/hosts"


async def _add(client: httpx.AsyncClient, name: str, **facts: Any) -> dict[str, Any]:
    answer = await client.post(GROUPS, json={"name": name, **facts})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{GROUPS}/{name}"
    return answer.json()  # type: ignore[no-any-return]


async def _add_host(client: httpx.AsyncClient, name: str, *groups: str) -> None:
    body = {"name": name, "address": "192.0.2.1", "groups": groups}
    assert (await client.post(HOSTS, json=body)).status_code == 201


async def _list_hosts(client: httpx.AsyncClient, **query: Any) -> str:
    answer = await client.get(HOSTS, params=query)
    assert answer.status_code == 200, answer.text
    return " ".join(host["name"] for host in answer.json()["results"])


async def test_groups_are_nested(client: httpx.AsyncClient) -> None:
    """A group with groups in it has their hosts too, in lists and in patterns."""
    await _add(client, "web", description="Web servers", variables={"port": 80})
    servers = await _add(client, "servers", children=["web"])
    assert (servers["children"], servers["parents"], servers["hosts_count"]) == (["web"], [], 0)
    await _add_host(client, "web1", "web")
    await _add_host(client, "db1", "db")
    web = (await client.get(f"{GROUPS}/web")).json()
    assert (web["parents"], web["hosts_count"], web["variables"]) == (["servers"], 1, {"port": 80})
    assert await _list_hosts(client, group="servers") == "web1"
    assert await _list_hosts(client, pattern="servers:db") == "db1 web1"
    assert await _list_hosts(client, pattern="all:!servers") == "db1"


async def test_a_host_makes_its_groups(client: httpx.AsyncClient) -> None:
    """A group that a host names is there from then on, also when the host has left it."""
    await _add_host(client, "web1", "web")
    await client.patch(f"{HOSTS}/web1", json={"groups": []})
    group = (await client.get(f"{GROUPS}/web")).json()
    assert (group["hosts_count"], group["revision"]) == (0, 1)
    assert await _list_hosts(client, pattern="ungrouped") == "web1"


async def test_a_ring_is_refused_with_its_way(client: httpx.AsyncClient) -> None:
    """A group inside itself names the groups in between, and nothing has changed."""
    await _add(client, "a")
    await _add(client, "b", children=["a"])
    await _add(client, "c", children=["b"])
    answer = await client.patch(f"{GROUPS}/a", json={"children": ["c"]})
    assert answer.status_code == 409
    assert answer.json()["code"] == "group_cycle"
    assert "a -> c -> b -> a" in answer.json()["detail"]
    assert (await client.get(f"{GROUPS}/a")).json()["children"] == []
    itself = await client.patch(f"{GROUPS}/a", json={"children": ["a"]})
    assert "a -> a" in itself.json()["detail"]


async def test_hosts_come_and_go(client: httpx.AsyncClient) -> None:
    """Many hosts are moved with one request, and what a pattern means follows at once."""
    for name in ("web1", "web2", "web3"):
        await _add_host(client, name)
    await _add(client, "web")
    added = await client.patch(f"{GROUPS}/web", json={"add_hosts": ["web1", "web2", "web2"]})
    assert added.json()["hosts_count"] == 2
    assert await _list_hosts(client, pattern="web") == "web1 web2"
    change = {"add_hosts": ["web2", "web3"], "remove_hosts": ["web1", "gone"]}
    assert (await client.patch(f"{GROUPS}/web", json=change)).json()["hosts_count"] == 2
    assert await _list_hosts(client, pattern="web") == "web2 web3"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"children": ["nope"]}, "children"), ({"add_hosts": ["no"]}, "add_hosts")],
)
async def test_what_does_not_exist_is_named(
    client: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    """A mistyped child or host changes nothing and is told under its field."""
    before = await _add(client, "web")
    answer = await client.patch(f"{GROUPS}/web", json={"description": "new", **change})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await client.get(f"{GROUPS}/web")).json() == before


async def test_a_group_in_use_is_kept(client: httpx.AsyncClient) -> None:
    """Deleting says what is in the group; detached, it goes and its hosts stay."""
    await _add(client, "eu")
    await _add(client, "web", children=["eu"])
    await _add_host(client, "web1", "web")
    refused = await client.delete(f"{GROUPS}/web")
    assert refused.status_code == 409
    assert "1 hosts and 1 groups" in refused.json()["detail"]
    assert (await client.delete(f"{GROUPS}/web?detach=true")).status_code == 204
    assert (await client.get(f"{GROUPS}/web")).status_code == 404
    assert (await client.get(f"{HOSTS}/web1")).json()["groups"] == []
    assert (await client.delete(f"{GROUPS}/eu")).status_code == 204


@pytest.mark.parametrize("name", ["all", "ungrouped"])
async def test_ansibles_own_groups_have_variables_only(
    client: httpx.AsyncClient, name: str
) -> None:
    """Nobody is put into them and they are not deleted, but their variables are set."""
    answer = await client.patch(f"{GROUPS}/{name}", json={"variables": {"a": 1}})
    assert answer.json()["variables"] == {"a": 1}
    assert answer.json()["hosts_count"] is None
    for change in ({"children": ["web"]}, {"add_hosts": ["web1"]}):
        refused = await client.patch(f"{GROUPS}/{name}", json=change)
        assert (refused.status_code, refused.json()["code"]) == (409, "group_built_in")
    assert (await client.delete(f"{GROUPS}/{name}?detach=true")).status_code == 409
    assert (await client.post(GROUPS, json={"name": name})).status_code == 422


async def test_a_name_that_ansible_warns_of_is_told(client: httpx.AsyncClient) -> None:
    """It works, and says what Ansible has against it."""
    group = await _add(client, "us-east-1")
    assert "letters, digits" in group["warnings"][0]
    await _add_host(client, "web1", "us-east-1")
    assert await _list_hosts(client, pattern="us-east-1") == "web1"


async def test_a_name_is_taken_once(client: httpx.AsyncClient) -> None:
    """A second group of one name is a conflict."""
    await _add(client, "web")
    answer = await client.post(GROUPS, json={"name": "web"})
    assert (answer.status_code, answer.json()["code"]) == (409, "group_exists")


async def test_secret_variables_are_kept_sealed(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    """Only their names are answered, and no file of the data directory shows a value."""
    secret = {"db_password": "hunter2-of-group"}
    group = await _add(client, "web", secret_variables=secret)
    assert group["secret_variables"] == ["db_password"]
    body = {"name": "web1", "address": "192.0.2.1", "secret_variables": {"token": "hunter2-host"}}
    host = (await client.post(HOSTS, json=body)).json()
    assert host["secret_variables"] == ["token"]
    assert "hunter2" not in str(group) + str(host)
    stored = b"".join(p.read_bytes() for p in settings.data_dir.rglob("*") if p.is_file())
    assert b"hunter2" not in stored
    change = {"secret_variables": {"db_password": None, "key": "x"}}
    assert (await client.patch(f"{GROUPS}/web", json=change)).json()["secret_variables"] == ["key"]
    gone = await client.patch(f"{HOSTS}/web1", json={"secret_variables": {"token": None}})
    assert gone.json()["secret_variables"] == []


async def test_a_change_of_something_else_is_refused(client: httpx.AsyncClient) -> None:
    """Who names the revision that was read does not undo somebody else's change."""
    revision = (await _add(client, "web"))["revision"]
    change = {"description": "mine", "revision": revision}
    assert (await client.patch(f"{GROUPS}/web", json=change)).status_code == 200
    answer = await client.patch(f"{GROUPS}/web", json=change)
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    await _add_host(client, "web1")
    for status_code in (200, 409):
        answer = await client.patch(f"{HOSTS}/web1", json={"revision": 1, "idc": "fra1"})
        assert answer.status_code == status_code


async def test_groups_are_listed_in_pages(client: httpx.AsyncClient) -> None:
    """Ansible's own are among them; search looks into names and descriptions."""
    for name in ("web", "db", "eu"):
        await _add(client, name, description=f"the {name}-hosts")
    names = [group["name"] for group in (await client.get(GROUPS)).json()["results"]]
    assert names == ["all", "db", "eu", "ungrouped", "web"]
    page = (await client.get(GROUPS, params={"search": "DB-H", "order_by": "-name"})).json()
    assert [group["name"] for group in page["results"]] == ["db"]


async def test_an_unknown_group_is_not_found(client: httpx.AsyncClient) -> None:
    """Every verb on a group that is not there says how to list those that are."""
    for method in ("GET", "PATCH", "DELETE"):
        body = {} if method == "PATCH" else None
        answer = await client.request(method, f"{GROUPS}/nope", json=body)
        assert answer.status_code == 404
        assert "myx group list" in answer.json()["detail"]


async def test_hosts_are_chosen_by_labels(client: httpx.AsyncClient) -> None:
    """Requirements on labels narrow each other and the pattern, as in Kubernetes."""
    for name, labels in {
        "web1": {"env": "prod", "tier": "web"},
        "web2": {"env": "test", "tier": "web"},
        "db1": {"env": "prod"},
    }.items():
        body = {"name": name, "address": "192.0.2.1", "labels": labels}
        assert (await client.post(HOSTS, json=body)).json()["labels"] == labels
    assert await _list_hosts(client, label="env=prod") == "db1 web1"
    assert await _list_hosts(client, label=["env=prod", "tier"]) == "web1"
    assert await _list_hosts(client, label="!tier", pattern="all") == "db1"
    assert await _list_hosts(client, label="env in (prod,test)", pattern="web*") == "web1 web2"
    wrong = await client.get(HOSTS, params={"label": "env=="})
    assert wrong.status_code == 200
    assert (await client.get(HOSTS, params={"label": "=prod"})).status_code == 422
    bad = await client.patch(f"{HOSTS}/db1", json={"labels": {"a b": "c"}})
    assert bad.status_code == 422


async def test_a_pattern_is_previewed(client: httpx.AsyncClient) -> None:
    """A list says whom a pattern names, in pages; what is no pattern is refused."""
    for number in range(4):
        await _add_host(client, f"web{number}")
    answer = (await client.get(HOSTS, params={"pattern": "web*:!web2", "page_size": 2})).json()
    assert answer["count"] == 3
    assert "pattern=web" in answer["next"]
    assert await _list_hosts(client, pattern="nothing*") == ""
    assert (await client.get(HOSTS, params={"pattern": "~("})).status_code == 422
