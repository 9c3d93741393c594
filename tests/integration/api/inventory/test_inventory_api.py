# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

import httpx

from api.composition import Composition
from api.hosts.targets import InstallRecord

INVENTORY: dict[str, Any] = {
    "_meta": {"hostvars": {"web1": {"ansible_host": "192.0.2.1", "port": 80}, "db1": {}}},
    "all": {"children": ["ungrouped", "site"], "vars": {"ntp": "x"}},
    "site": {"children": ["web"]},
    "web": {"hosts": ["web1", "web2"], "vars": {"a": 1}},
    "ungrouped": {"hosts": ["db1"]},
}


async def _import(client: httpx.AsyncClient, inventory: Any, **options: Any) -> dict[str, Any]:
    body = {"inventory": inventory, **options}
    answer = await client.post("/api/v1/inventory/import", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def test_an_inventory_is_taken_over(client: httpx.AsyncClient) -> None:
    """Hosts and groups are there with all that was said of them."""
    result = await _import(client, INVENTORY)
    assert result["hosts"]["created"] == ["db1", "web1", "web2"]
    assert result["groups"]["created"] == ["site", "web"]
    assert result["groups"]["updated"] == ["all"]
    host = (await client.get("/api/v1/hosts/web1")).json()
    assert (host["address"], host["ssh_port"], host["groups"]) == ("192.0.2.1", 22, ["web"])
    assert host["variables"] == {"port": 80}
    assert (await client.get("/api/v1/hosts/db1")).json()["address"] == "db1"
    assert (await client.get("/api/v1/groups/site")).json()["children"] == ["web"]
    listed = (await client.get("/api/v1/hosts", params={"pattern": "site"})).json()
    assert [each["name"] for each in listed["results"]] == ["web1", "web2"]


async def test_importing_again_changes_nothing(client: httpx.AsyncClient) -> None:
    """Whatever was taken over is unchanged the second time, secrets included."""
    secret = {**INVENTORY, "web": {"hosts": ["web1", "web2"], "vars": {"pw": "hunter2"}}}
    await _import(client, secret, secret_variables=["pw", "port"])
    before = (await client.get("/api/v1/hosts")).json()
    again = await _import(client, secret, secret_variables=["pw", "port"])
    assert again["hosts"] == {"created": [], "updated": [], "removed": [], "unchanged": 3}
    assert again["groups"] == {"created": [], "updated": [], "removed": [], "unchanged": 4}
    assert (await client.get("/api/v1/hosts")).json() == before
    assert before["results"][1]["secret_variables"] == ["port"]
    assert (await client.get("/api/v1/groups/web")).json()["secret_variables"] == ["pw"]


async def test_a_dry_run_changes_nothing(client: httpx.AsyncClient) -> None:
    """It says what would be done."""
    result = await _import(client, INVENTORY, dry_run=True)
    assert result["dry_run"]
    assert len(result["hosts"]["created"]) == 3
    assert (await client.get("/api/v1/hosts")).json()["count"] == 0
    assert (await client.get("/api/v1/groups")).json()["count"] == 2


async def test_what_has_changed_is_updated(client: httpx.AsyncClient) -> None:
    """A host gets exactly what the inventory says, and keeps what only people write down."""
    await _import(client, INVENTORY)
    change = {"labels": {"env": "prod"}, "ssh_user": "deploy", "groups": ["web", "extra"]}
    await client.patch("/api/v1/hosts/web1", json=change)
    moved = {
        **INVENTORY,
        "_meta": {"hostvars": {"web1": {"ansible_host": "192.0.2.9"}}},
        "web": {"hosts": ["web1"], "vars": {"b": 2}},
    }
    result = await _import(client, moved)
    assert result["hosts"]["updated"] == ["web1"]
    assert result["hosts"]["removed"] == []
    host = (await client.get("/api/v1/hosts/web1")).json()
    assert (host["address"], host["ssh_user"], host["labels"]) == (
        "192.0.2.9",
        "deploy",
        {"env": "prod"},
    )
    assert (host["groups"], host["variables"]) == (["web"], {})
    assert (await client.get("/api/v1/groups/web")).json()["variables"] == {"a": 1, "b": 2}


async def test_pruning_removes_the_rest(client: httpx.AsyncClient, parts: Composition) -> None:
    """Hosts and groups that are not in the inventory go, but hosts with an agent stay."""
    await _import(client, INVENTORY)
    async with parts.unit_of_work() as services:
        [plan] = await services.host_agents.prepare_install(["web2"])
        record = InstallRecord("ab" * 32, "1", None, plan.identity)
        await services.host_agents.record_install(plan.host_id, record)
    left = {"_meta": {"hostvars": {"web1": {}}}, "front": {"hosts": ["web1"]}}
    result = await _import(client, left, prune=True)
    assert result["hosts"]["removed"] == ["db1"]
    assert sorted(result["groups"]["removed"]) == ["site", "web"]
    assert "web2" in result["warnings"][-1]
    names = [host["name"] for host in (await client.get("/api/v1/hosts")).json()["results"]]
    assert names == ["web1", "web2"]


async def test_a_ring_with_what_is_here_is_refused(client: httpx.AsyncClient) -> None:
    """Two inventories that contradict each other leave everything as it was."""
    await _import(client, INVENTORY)
    inverted = {"_meta": {"hostvars": {"new": {}}}, "web": {"children": ["site"], "hosts": ["new"]}}
    body = {"inventory": inverted}
    answer = await client.post("/api/v1/inventory/import", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "group_cycle")
    assert (await client.get("/api/v1/hosts/new")).status_code == 404


async def test_faults_name_hosts_and_fields(client: httpx.AsyncClient) -> None:
    """Nothing of an inventory with a fault is taken over."""
    bad = {**INVENTORY, "_meta": {"hostvars": {"web1": {"ansible_port": 0}, "a b": {}}}}
    answer = await client.post("/api/v1/inventory/import", json={"inventory": bad})
    assert (answer.status_code, answer.json()["code"]) == (422, "inventory_invalid")
    assert "a b" in str(answer.json()["errors"])
    assert (await client.get("/api/v1/hosts")).json()["count"] == 0


async def test_an_export_is_what_was_imported(client: httpx.AsyncClient) -> None:
    """Exported and imported again, nothing changes; secrets are not in it."""
    await _import(client, INVENTORY)
    await client.patch("/api/v1/hosts/web1", json={"secret_variables": {"pw": "hunter2"}})
    exported = (await client.get("/api/v1/inventory")).json()
    assert exported["_meta"]["hostvars"]["web1"] == {
        "ansible_host": "192.0.2.1",
        "ansible_user": "root",
        "ansible_port": 22,
        "port": 80,
    }
    assert exported["all"] == {"hosts": ["db1"], "children": ["site"], "vars": {"ntp": "x"}}
    again = await _import(client, exported)
    assert (again["hosts"]["unchanged"], again["groups"]["unchanged"]) == (3, 3)
    one = await client.get("/api/v1/inventory", params={"host": "web1"})
    assert one.json() == exported["_meta"]["hostvars"]["web1"]
    assert (await client.get("/api/v1/inventory", params={"host": "no"})).status_code == 404


async def test_thousands_of_hosts_are_taken_over(client: httpx.AsyncClient) -> None:
    """In one transaction, beyond what a statement may hold, above the usual size of bodies."""
    size = 2_000
    names = [f"web-{number:05}.example.org" for number in range(size)]
    hostvars = {name: {"ansible_host": "192.0.2.1", "v": "x" * 2500} for name in names}
    groups = {f"g{n}": {"hosts": names[n::10], "vars": {"n": n}} for n in range(10)}
    inventory = {"_meta": {"hostvars": hostvars}, "web": {"hosts": names}, **groups}
    result = await _import(client, inventory)
    assert len(result["hosts"]["created"]) == size
    again = await _import(client, inventory)
    assert again["hosts"]["unchanged"] == size
    listed = (await client.get("/api/v1/hosts", params={"pattern": "web:&g3:!g4"})).json()
    assert listed["count"] == size // 10
