# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks that speak of several hosts at once, asked to run over HTTP."""

import httpx
import pytest
from run_types import AddHost, PostRun

from api.core.settings import Settings

SERIAL = "- hosts: web\n  serial: 1\n  tasks: []\n"
HOSTVARS = "- hosts: web\n  tasks:\n    - debug: {msg: \"{{ hostvars['web2'].x }}\"}\n"


@pytest.fixture(autouse=True)
async def two_hosts(settings: Settings, add_host: AddHost) -> None:
    """Add two hosts, and playbooks that speak of both."""
    (settings.content_dir / "serial.yml").write_text(SERIAL)
    (settings.content_dir / "hostvars.yml").write_text(HOSTVARS)
    await add_host("web1", "web")
    await add_host("web2", "web")


async def test_serial_is_refused_with_what_to_use(client: httpx.AsyncClient) -> None:
    """Neither a run nor its preview begins; waves are named."""
    for path in ("/runs", "/runs/preview"):
        body = {"kind": "playbook", "playbook": "serial.yml"}
        answer = await client.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "does_not_hold")
        assert "--waves" in answer.json()["detail"]
    assert (await client.get("/runs")).json()["count"] == 0


async def test_it_runs_on_one_host_in_waves_or_when_accepted(post_run: PostRun) -> None:
    """Each of the three is an answer; what still differs is a warning of the run."""
    one = await post_run(kind="playbook", playbook="serial.yml", limit="web1")
    assert one["warnings"] == []
    waves = {"waves": ["1", "100%"]}
    in_waves = await post_run(kind="playbook", playbook="serial.yml", rollout=waves)
    assert "'serial'" in in_waves["warnings"][0]
    accepted = await post_run(kind="playbook", playbook="serial.yml", accept_differences=True)
    assert "serial.yml, play 'web'" in accepted["warnings"][0]


async def test_what_only_differs_is_a_warning(client: httpx.AsyncClient, post_run: PostRun) -> None:
    """It is kept with the run."""
    run = await post_run(kind="playbook", playbook="hostvars.yml")
    assert "'hostvars' of other hosts are empty" in run["warnings"][0]
    assert (await client.get(f"/runs/{run['id']}")).json()["warnings"] == run["warnings"]
