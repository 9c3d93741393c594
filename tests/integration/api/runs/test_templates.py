# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates over HTTP, and what they make of the variables of a run."""

import json
from typing import Any

import httpx
import jsonschema
import pytest
from fastapi import FastAPI
from known_principals import KnownPrincipals
from run_types import AddHost, Follow, PostRun

from agent_runner.protocol.methods import ExecuteAnsibleParams
from api.agents.memory import MemoryAgent
from api.auth.principals import ADMIN, Grant, Principal
from api.auth.scopes import Reach
from api.composition import Composition
from api.core.settings import Settings

SPEC = {
    "short_description": "Deploy the shop",
    "options": {
        "shop_version": {"required": True, "description": "Which one"},
        "shop_port": {"type": "int", "default": 80},
        "shop_token": {"no_log": True},
        "shop_sites": {
            "type": "list",
            "elements": "dict",
            "options": {"address": {"required": True}, "key": {"no_log": True}},
        },
    },
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with content that has a role with an argument spec."""
    role = settings.content_dir / "roles" / "shop" / "meta"
    role.mkdir(parents=True)
    (role / "argument_specs.yml").write_text(json.dumps({"argument_specs": {"main": SPEC}}))
    playbooks = settings.content_dir / "playbooks"
    playbooks.mkdir()
    (playbooks / "shop.yml").write_text("- name: The shop\n  hosts: web\n  roles: [shop]\n")
    return settings


DEPLOYER = Principal(
    "deployer", (Grant("operator", Reach(templates=frozenset({"playbooks/shop.yml"}))),)
)


@pytest.fixture
def composition(composition: Composition) -> Composition:
    """Return a control plane to which the token is a principal's name."""
    people = KnownPrincipals(ADMIN, DEPLOYER)
    composition.access.authenticator = people  # type: ignore[assignment]
    return composition


@pytest.fixture
def client(app: FastAPI) -> httpx.AsyncClient:
    """Return the admin's client; it holds nothing that needs closing."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://myx/api/v1",
        headers={"Authorization": f"Bearer {ADMIN.name}"},
    )


def shop(**variables: Any) -> dict[str, Any]:
    """Return the request for a run of the shop."""
    return {"kind": "playbook", "playbook": "shop", "extra_vars": variables}


def get_params(agent: MemoryAgent) -> ExecuteAnsibleParams:
    """Return what the agent was asked to run."""
    (execution,) = agent.executions.values()
    assert isinstance(execution.params, ExecuteAnsibleParams)
    return execution.params


async def test_templates_are_listed_and_shown(client: httpx.AsyncClient) -> None:
    """All playbooks, broken ones with the reason; one with its arguments and their schema."""
    page = (await client.get("/templates")).json()
    assert [each["name"] for each in page["results"]] == [
        "broken",
        "chosen",
        "local",
        "shop",
        "site",
    ]
    assert "line 3" in page["results"][0]["error"]
    found = (await client.get("/templates", params={"search": "THE SHOP"})).json()
    assert [each["playbook"] for each in found["results"]] == ["playbooks/shop.yml"]

    for name in ("shop", "playbooks/shop.yml"):
        template = (await client.get(f"/templates/{name}")).json()
        assert template["title"] == "The shop"
        assert [each["name"] for each in template["arguments"]] == list(SPEC["options"])
        assert template["arguments"][0]["roles"] == ["shop"]
        jsonschema.Draft202012Validator.check_schema(template["arguments_schema"])
        token = template["arguments_schema"]["properties"]["shop_token"]
        assert (token["writeOnly"], token["format"]) == (True, "password")
        surveys = template["surveys"]
        assert surveys["awx"]["name"] == "The shop"
        fields = {each["name"]: each["type"] for each in surveys["semaphore"]}
        assert fields == {"shop_version": "", "shop_port": "int"}
        assert surveys["left_out"] == ["shop_token", "shop_sites"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/templates/shopp", 404, "template_not_found"),
        ("/templates/..%2F..%2Fetc%2Fpasswd", 404, "template_not_found"),
        (f"/templates/shop?bundle_digest={'0' * 64}", 404, "bundle_not_found"),
        ("/templates?bundle_digest=x", 422, "invalid_input"),
        ("/templates/shop?page=1", 422, "invalid_input"),
    ],
)
async def test_what_is_not_there_is_said(
    client: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    """Unknown names and content have their code."""
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_arguments_that_do_not_fit_start_nothing(
    add_host: AddHost, client: httpx.AsyncClient
) -> None:
    """All of them are told at once, each with its place, in the answer to run and preview."""
    await add_host("web1", "web")
    for path in ("/runs", "/runs/preview"):
        answer = await client.post(path, json=shop(shop_port="hidden-value", shop_sites=[{}]))
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, "arguments_invalid")
        assert [each["field"] for each in problem["errors"]] == [
            "extra_vars.shop_port",
            "extra_vars.shop_sites.0.address",
            "extra_vars.shop_version",
        ]
        assert "hidden-value" not in answer.text
    assert (await client.get("/runs")).json()["count"] == 0


async def test_values_arrive_converted_and_secrets_marked(
    add_host: AddHost, client: httpx.AsyncClient, post_run: PostRun, follow: Follow
) -> None:
    """The agent gets them as the spec says, and which texts to mask; the run shows none of it."""
    agent = await add_host("web1", "web")
    run = await post_run(
        **shop(
            shop_version=2,
            shop_port="8080",
            shop_token="token-of-the-shop",
            shop_sites=[{"address": "a", "key": "key-of-the-site"}],
            shop_prot=1,
            other="{{ x }}",
        )
    )
    await follow(run["id"])

    params = get_params(agent)
    assert params.playbook == run["name"] == "playbooks/shop.yml"
    assert params.extra_vars["shop_version"] == "2"
    assert params.extra_vars["shop_port"] == 8080
    assert params.extra_vars["other"] == "{{ x }}"
    assert params.secrets == ["token-of-the-shop", "key-of-the-site"]
    assert run["warnings"] == []
    shown = (await client.get(f"/runs/{run['id']}")).text
    assert "of-the-shop" not in shown
    assert "of-the-site" not in shown


async def test_a_typing_error_is_suspected(add_host: AddHost, post_run: PostRun) -> None:
    """A variable that nobody asks for is allowed; where it is nearly an argument, that is said."""
    await add_host("web1", "web")
    run = await post_run(**shop(shop_version="1", shop_prot=1, color="red"))
    assert run["warnings"] == ["'shop_prot' is no argument of the playbook, 'shop_port' is"]


async def test_hosts_may_have_a_required_variable_of_their_own(
    add_host: AddHost, client: httpx.AsyncClient, post_run: PostRun
) -> None:
    """Of themselves or of a group; who lacks it is named."""
    for name in ("web1", "web2"):
        await add_host(name, "web")
    revision = (await client.get("/hosts/web1")).json()["revision"]
    body = {"variables": {"shop_version": "1"}, "revision": revision}
    assert (await client.patch("/hosts/web1", json=body)).status_code == 200

    refused = (await client.post("/runs", json=shop())).json()
    assert refused["errors"][0]["message"].startswith("required, and not set for web2;")
    await post_run(**shop(), limit="web1")


async def test_a_template_has_one_name_for_access(client: httpx.AsyncClient) -> None:
    """Grants name the playbook; by whatever name it is run, they hold, and others are not seen."""
    client.headers["Authorization"] = f"Bearer {DEPLOYER.name}"
    page = (await client.get("/templates")).json()
    assert [each["name"] for each in page["results"]] == ["shop"]
    assert (await client.get("/templates/site")).status_code == 404

    refused = await client.post("/runs", json=shop(shop_version=1) | {"limit": "nobody"})
    assert refused.json()["code"] == "no_hosts_matched"
    body = {"kind": "playbook", "playbook": "site", "limit": "nobody"}
    assert (await client.post("/runs", json=body)).status_code == 403
