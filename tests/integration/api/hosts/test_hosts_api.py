# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

import httpx
import pytest
from stored_bytes import read_stored

from api.core.settings import Settings

HOSTS = "/api/v1/hosts"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----\n"


async def _add(client: httpx.AsyncClient, name: str, **facts: Any) -> dict[str, Any]:
    answer = await client.post(HOSTS, json={"name": name, "address": "192.0.2.1", **facts})
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def test_a_host_is_added(client: httpx.AsyncClient) -> None:
    """A new host has the defaults, no agent yet, and a place of its own."""
    answer = await client.post(HOSTS, json={"name": "web1", "address": "192.0.2.1"})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{HOSTS}/web1"
    host = answer.json()
    assert host == (await client.get(f"{HOSTS}/web1")).json()
    assert host.pop("created_at") == host.pop("updated_at")
    assert host == {
        "name": "web1",
        "address": "192.0.2.1",
        "ssh_user": "root",
        "ssh_port": 22,
        "has_ssh_credentials": False,
        "groups": [],
        "variables": {},
        "secret_variables": [],
        "labels": {},
        "description": "",
        "location": "",
        "provider": "",
        "idc": "",
        **dict.fromkeys(
            ("maintenance_since", "maintenance_reason", "max_playbooks", "max_commands")
        ),
        "revision": 1,
        "agent": {
            "status": "not_installed",
            "version": None,
            "rpc_port": None,
            "cert_fingerprint": None,
            "credentials_rotated_at": None,
            **dict.fromkeys(("last_seen_at", "last_error", "load")),
        },
    }


async def test_a_name_is_taken_once(client: httpx.AsyncClient) -> None:
    """A second host of one name is a conflict that names both remedies."""
    await _add(client, "web1")
    answer = await client.post(HOSTS, json={"name": "web1", "address": "192.0.2.9"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "host_exists"
    assert "PATCH" in answer.json()["detail"]


async def test_an_unknown_host_is_not_found(client: httpx.AsyncClient) -> None:
    """Every verb on a host that is not there says how to list those that are."""
    requests = [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/status")]
    for method, path in requests:
        answer = await client.request(
            method, f"{HOSTS}/nope{path}", json={} if method == "PATCH" else None
        )
        assert answer.status_code == 404, (method, path)
        assert answer.json()["code"] == "host_not_found"
        assert "myx host list" in answer.json()["detail"]


async def test_a_change_changes_what_it_names(client: httpx.AsyncClient) -> None:
    """What the body leaves out stays; groups, variables and labels are replaced."""
    before = await _add(
        client, "web1", groups=["web", "eu"], variables={"a": 1}, ssh_user="deploy", ssh_port=2222
    )
    answer = await client.patch(
        f"{HOSTS}/web1", json={"groups": ["us", "web"], "variables": {"b": 2}}
    )
    after = answer.json()
    assert answer.status_code == 200
    assert (after["groups"], after["variables"]) == (["us", "web"], {"b": 2})
    assert after["updated_at"] > before["updated_at"]
    unchanged = before.keys() - {"groups", "variables", "updated_at", "revision"}
    assert {key: after[key] for key in unchanged} == {key: before[key] for key in unchanged}
    assert (await client.get(f"{HOSTS}/web1")).json() == after


async def test_a_change_that_does_not_fit_changes_nothing(client: httpx.AsyncClient) -> None:
    """Beside one wrong field, the right ones are not taken over either."""
    before = await _add(client, "web1")
    answer = await client.patch(f"{HOSTS}/web1", json={"address": "192.0.2.9", "groups": ["all"]})
    assert answer.status_code == 422
    assert (await client.get(f"{HOSTS}/web1")).json() == before


async def test_a_host_is_forgotten(client: httpx.AsyncClient) -> None:
    """A deleted host is gone, and its name is free."""
    await _add(client, "web1", groups=["web"])
    assert (await client.delete(f"{HOSTS}/web1")).status_code == 204
    assert (await client.get(f"{HOSTS}/web1")).status_code == 404
    await _add(client, "web1")


async def test_hosts_are_listed_in_pages(client: httpx.AsyncClient) -> None:
    """Following 'next' visits every host once, with filters kept."""
    for number in range(5):
        await _add(client, f"web{number}", groups=["web"])
    await _add(client, "db1")
    path, seen = f"{HOSTS}?group=web&page_size=2&order_by=-name", []
    while path:
        page = (await client.get(path)).json()
        assert page["count"] == 5
        seen += [host["name"] for host in page["results"]]
        path = page["next"]
    assert seen == ["web4", "web3", "web2", "web1", "web0"]


async def test_credentials_are_kept_sealed(client: httpx.AsyncClient, settings: Settings) -> None:
    """A key or password is neither answered nor readable in any file of the data directory."""
    host = await _add(client, "web1", ssh_private_key=KEY, ssh_password="hunter2-password")
    assert host["has_ssh_credentials"]
    assert "hunter2" not in str(host)
    stored = read_stored(settings)
    assert b"web1" in stored
    assert b"hunter2" not in stored


@pytest.mark.parametrize(
    ("change", "has_credentials"),
    [
        ({"address": "192.0.2.9"}, True),
        ({"ssh_password": "new"}, True),
        ({"forget_ssh_credentials": True}, False),
        ({"forget_ssh_credentials": True, "ssh_password": "new"}, True),
    ],
)
async def test_credentials_are_forgotten_when_asked(
    client: httpx.AsyncClient, change: dict[str, Any], *, has_credentials: bool
) -> None:
    """Credentials stay until a change says otherwise."""
    await _add(client, "web1", ssh_password="old")
    answer = await client.patch(f"{HOSTS}/web1", json=change)
    assert answer.json()["has_ssh_credentials"] is has_credentials


async def test_the_history_of_a_host(client: httpx.AsyncClient) -> None:
    """It begins empty, and tells of a maintenance, the newest state first."""
    await _add(client, "web1")
    history = await client.get(f"{HOSTS}/web1/history")
    assert (history.status_code, history.json()["results"]) == (200, [])
    for body in ({"enabled": True, "reason": "new disk"}, {"enabled": True}, {"enabled": False}):
        answer = await client.put(f"{HOSTS}/web1/maintenance", json=body)
        assert answer.status_code == 200
    states = (await client.get(f"{HOSTS}/web1/history")).json()["results"]
    assert [(each["state"], each["reason"]) for each in states] == [
        ("not_installed", "The maintenance ended."),
        ("maintenance", "new disk"),
    ]


async def test_the_load_of_a_host(client: httpx.AsyncClient) -> None:
    """Before its first heartbeat there is none; what is asked for is told with its steps."""
    await _add(client, "web1")
    asked = {"since": "2026-03-01T10:02:00Z", "until": "2026-03-01T11:00:00+00:00"}
    answer = await client.get(f"{HOSTS}/web1/load", params=asked)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "since": "2026-03-01T10:00:00Z",
            "until": "2026-03-01T11:00:00Z",
            "step_s": 300,
            "points": [],
        },
    )
    assert (await client.get(f"{HOSTS}/web2/load")).status_code == 404


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("until", {"since": "2026-03-01T10:00:00Z", "until": "2026-03-01T10:00:00Z"}),
        ("since", {"since": "2026-03-01T10:00:00"}),
        ("since", {"since": "0001-01-01T00:00:00Z"}),
        ("until", {"until": "9999-12-31T23:59:59Z"}),
        ("until", {"until": "1970-01-01T00:00:00+14:00", "since": "1970-01-01T00:00:00+13:00"}),
        ("step_s", {"step_s": "1"}),
    ],
)
async def test_a_time_without_sense_is_refused(
    client: httpx.AsyncClient, field: str, asked: dict[str, str]
) -> None:
    """The field that does not fit is named."""
    await _add(client, "web1")
    answer = await client.get(f"{HOSTS}/web1/load", params=asked)
    assert answer.status_code == 422
    assert [each["field"].split(".")[-1] for each in answer.json()["errors"]] == [field]


async def test_there_is_no_history_of_an_unknown_host(client: httpx.AsyncClient) -> None:
    """A host that does not exist is a 404, not an empty list."""
    assert (await client.get(f"{HOSTS}/web1/history")).status_code == 404
