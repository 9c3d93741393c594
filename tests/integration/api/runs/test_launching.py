# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from run_types import AddHost, Follow, PostRun
from structlog.testing import capture_logs

from api.core.settings import Settings

COMMAND = {"kind": "command", "command": ["echo", "x"], "limit": "all"}
KEY = {"Idempotency-Key": "key-1"}


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"kind": "command", "command": ["x"], "limit": "nobody"}, "no_hosts_matched", "nobody"),
        ({"kind": "command", "command": ["x"]}, "invalid_input", "'all' is a pattern"),
        ({"kind": "dance"}, "invalid_input", "playbook"),
        ({"kind": "playbook", "playbook": "sit.yml"}, "playbook_not_found", "site.yml"),
        ({"kind": "playbook", "playbook": "broken.yml"}, "playbook_invalid", "line 3, column 1"),
        ({"kind": "playbook", "playbook": "local.yml"}, "limit_required", "--limit"),
        ({"kind": "playbook", "playbook": "chosen.yml"}, "hosts_not_known_yet", "target"),
        (
            {"kind": "playbook", "playbook": "chosen.yml", "extra_vars": {"target": "db"}},
            "no_hosts_matched",
            "'db'",
        ),
        (
            {"kind": "playbook", "playbook": "site.yml", "bundle_digest": "0" * 64},
            "bundle_unknown",
            "PUT /api/v1/bundles",
        ),
        ({"kind": "playbook", "playbook": "site.yml", "extra_vars": [1]}, "invalid_input", "dict"),
    ],
)
async def test_what_cannot_start_is_refused_and_leaves_nothing(
    add_host: AddHost, client: httpx.AsyncClient, body: dict[str, Any], code: str, said: str
) -> None:
    """Each reason not to start has its code and words, and no run is left behind."""
    await add_host("web1", "web")

    answer = await client.post("/runs", json=body)

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert said in answer.text
    assert (await client.get("/runs")).json()["count"] == 0


async def test_the_same_request_starts_nothing_twice(
    add_host: AddHost, client: httpx.AsyncClient
) -> None:
    """With the same key and body the same run is answered, with 200."""
    agent = await add_host("web1")

    first = await client.post("/runs", json=COMMAND, headers=KEY)
    again = await client.post("/runs", json=COMMAND, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["Location"] == first.headers["Location"]
    assert len(agent.executions) <= 1


async def test_the_same_request_at_the_same_moment_starts_one_run(
    add_host: AddHost, client: httpx.AsyncClient
) -> None:
    """However many come at once, one of them starts the run and the others get it."""
    await add_host("web1")

    answers = await asyncio.gather(
        *(client.post("/runs", json=COMMAND, headers=KEY) for _ in range(5))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await client.get("/runs")).json()["count"] == 1


async def test_a_key_belongs_to_one_request(add_host: AddHost, client: httpx.AsyncClient) -> None:
    """Another body under the same key is a conflict and starts nothing."""
    await add_host("web1")
    await client.post("/runs", json=COMMAND, headers=KEY)

    other = await client.post("/runs", json={**COMMAND, "command": ["id"]}, headers=KEY)

    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert (await client.get("/runs")).json()["count"] == 1


async def test_extra_vars_are_nowhere_to_be_found(
    add_host: AddHost, post_run: PostRun, follow: Follow, settings: Settings
) -> None:
    """Extra vars reach the host, and no file and no log line of the control plane holds them."""
    agent = await add_host("web1", "web")
    secret = "correct-horse-battery"

    with capture_logs() as lines:
        run = await post_run(kind="playbook", playbook="site.yml", extra_vars={"word": secret})
        await follow(run["id"])

    [execution] = agent.executions.values()
    assert execution.params.extra_vars == {"word": secret}
    assert secret not in str(lines)
    assert list_files_with(settings.data_dir, secret.encode()) == []


def list_files_with(folder: Path, text: bytes) -> list[Path]:
    """Return the files that hold a text."""
    return [path for path in folder.rglob("*") if path.is_file() and text in path.read_bytes()]


async def test_labels_and_states_choose_hosts(
    client: httpx.AsyncClient, add_host: AddHost, post_run: PostRun
) -> None:
    """They narrow the limit and each other, and the run says what it was for."""
    for name, env in (("web1", "prod"), ("web2", "test"), ("web3", "prod")):
        await add_host(name, "web")
        await client.patch(f"/hosts/{name}", json={"labels": {"env": env}})
    chosen = {"limit": "!web3", "labels": ["env=prod"], "states": ["online"]}
    run = await post_run(kind="command", command=["echo"], **chosen)
    assert run["hosts_total"] == 1
    assert {name: run[name] for name in chosen} == chosen
    assert (await post_run(kind="command", command=["echo"], labels=["env"]))["hosts_total"] == 3
    for field, value, said in (
        ("labels", ["env=other"], "env=other"),
        ("states", ["offline"], "offline"),
        ("states", ["failed"], "failed"),
    ):
        body = {"kind": "command", "command": ["echo"], "limit": "all", field: value}
        answer = await client.post("/runs", json=body)
        assert answer.json().get("code") == "no_hosts_matched", answer.text
        assert said in answer.json()["detail"]
