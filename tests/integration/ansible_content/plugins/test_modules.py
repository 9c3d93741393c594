# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that describe and change what the control plane knows, with real Ansible."""

from pathlib import Path
from typing import Any

import pytest
from real_control_plane import ControlPlaneProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

WEB1 = {
    "name": "web1",
    "address": "192.0.2.1",
    "groups": ["web", "eu"],
    "variables": {"port": 80, "nested": {"a": [1, None]}},
    "secret_variables": {"password": "geheim1234"},
    "ssh_password": "geheim5678",
    "labels": {"env": "prod"},
    "max_playbooks": 2,
}


def host(**options: Any) -> dict[str, Any]:
    """Write a task about a host."""
    return {"myx.fleet.host": options}


async def test_a_host_is_made_once(
    play: Any, control_plane: ControlPlaneProcess, tmp_path: Path
) -> None:
    """The second time nothing changes, secrets and all; nobody is told them."""
    made, again = await play(host(**WEB1), host(**WEB1), arguments=("--diff", "-vvv"))
    assert made["changed"], made
    assert not again["changed"], again
    assert made["host"] == again["host"]
    stored = await control_plane.get("/hosts/web1")
    assert (stored["groups"], stored["variables"]) == (["eu", "web"], WEB1["variables"])
    assert (stored["secret_variables"], stored["has_ssh_credentials"]) == (["password"], True)
    assert stored["max_playbooks"] == 2
    assert "geheim" not in (tmp_path / "results").read_text()


async def test_only_what_is_said_changes(play: Any, control_plane: ControlPlaneProcess) -> None:
    """What the options leave out stays; the difference is told."""
    tasks = [
        host(**WEB1),
        host(name="web1", labels={"env": "test"}, max_playbooks=0),
        host(name="web1", secret_variables={"password": None, "other": "geheim"}),
        host(name="web1", ssh_password="x" * 9, update_secrets="always"),
        host(name="web1", ssh_password="x" * 9),
    ]
    _, labels, secrets, always, on_create = await play(*tasks)
    assert labels["diff"]["before"]["labels"] == {"env": "prod"}
    assert labels["diff"]["after"]["labels"] == {"env": "test"}
    assert secrets["changed"]
    assert always["changed"]
    assert not on_create["changed"]
    stored = await control_plane.get("/hosts/web1")
    assert (stored["labels"], stored["address"]) == ({"env": "test"}, "192.0.2.1")
    assert (stored["secret_variables"], stored["max_playbooks"]) == (["other"], None)


async def test_check_mode_predicts_and_changes_nothing(
    play: Any, control_plane: ControlPlaneProcess
) -> None:
    """What it says before is what it does after."""
    tasks = [host(**WEB1), host(name="web1", address="192.0.2.9", maintenance=True)]
    (predicted,) = await play(tasks[0], arguments=("--check", "--diff"))
    assert (await control_plane.get("/hosts"))["count"] == 0
    (made,) = await play(tasks[0], arguments=("--diff",))
    assert predicted["diff"] == made["diff"]
    (change,) = await play(tasks[1], arguments=("--check",))
    assert change["changed"]
    assert change["host"]["maintenance_since"] == "now"
    assert (await control_plane.get("/hosts/web1"))["address"] == "192.0.2.1"
    sealed = host(name="web1", secret_variables={"password": None, "other": "geheim"})
    (predicted,) = await play(sealed, arguments=("--check", "--diff"))
    (done,) = await play(sealed, arguments=("--diff",))
    assert predicted["diff"] == done["diff"]
    gone, missing = await play(
        host(name="web1", state="absent"), host(name="no", state="absent"), arguments=("--check",)
    )
    assert gone["changed"]
    assert not missing["changed"]
    assert (await control_plane.get("/hosts"))["count"] == 1


async def test_maintenance_begins_and_ends(play: Any) -> None:
    """Each once; another reason is a change."""
    begin = host(name="web1", maintenance=True, maintenance_reason="disks")
    other = host(name="web1", maintenance=True, maintenance_reason="memory")
    end = host(name="web1", maintenance=False)
    results = await play(host(**WEB1), begin, begin, other, end, end)
    assert [one["changed"] for one in results] == [True, True, False, True, True, False]
    assert results[3]["host"]["maintenance_reason"] == "memory"
    assert results[4]["host"]["maintenance_since"] is None


async def test_a_host_is_forgotten_once(play: Any, control_plane: ControlPlaneProcess) -> None:
    """What is not there needs nothing."""
    absent = host(name="web1", state="absent")
    _, gone, again = await play(host(**WEB1), absent, absent)
    assert (gone["changed"], again["changed"]) == (True, False)
    assert (await control_plane.get("/hosts"))["count"] == 0


async def test_errors_name_the_option(play: Any) -> None:
    """Of the control plane's refusals too."""
    new, wrong, nowhere = await play(
        host(name="web1"),
        host(name="web1", address="not an address"),
        {"myx.fleet.host_info": {"myx_url": "ftp://x"}},
    )
    assert new["msg"].startswith("address: 'web1' does not exist yet")
    assert (wrong["code"], wrong["errors"][0]["field"]) == ("invalid_input", "address")
    assert "neither an IP address nor a DNS name" in wrong["msg"]
    assert nowhere["msg"].startswith("myx_url: 'ftp://x' is not a URL")


async def test_hosts_are_found(play: Any) -> None:
    """By name, and by what is known of them."""
    info = "myx.fleet.host_info"
    _, named, missing, chosen, none = await play(
        host(**WEB1),
        {info: {"name": "web1"}},
        {info: {"name": "web2"}},
        {info: {"labels": ["env=prod"], "states": ["not_installed"], "pattern": "web:&eu"}},
        {info: {"states": ["online"]}},
    )
    assert named["hosts"] == chosen["hosts"]
    assert (named["hosts"][0]["name"], missing["hosts"], none["hosts"]) == ("web1", [], [])


async def test_options_are_set_for_all_modules_at_once(play: Any) -> None:
    """The action group is for what all of them share."""
    defaults = {"group/myx.fleet.fleet": {"myx_token": "wrong"}}
    (refused,) = await play({"myx.fleet.host_info": {}, "module_defaults": defaults})
    assert refused["status"] == 401


async def test_templates_are_described(play: Any) -> None:
    """One with its arguments, and all."""
    module = "myx.fleet.template_info"
    one, missing, listed = await play(
        {module: {"name": "greet"}}, {module: {"name": "no"}}, {module: {"search": "gree"}}
    )
    assert one["templates"][0]["playbook"] == "greet.yml"
    assert "arguments" in one["templates"][0]
    assert missing["templates"] == []
    assert [template["name"] for template in listed["templates"]] == ["greet"]


async def test_a_token_is_made_renewed_and_revoked(
    play: Any, control_plane: ControlPlaneProcess
) -> None:
    """It is told once, and the new one is there before the old one goes."""
    grants = [{"role": "operator", "groups": ["web"]}]

    def token(state: str, **more: Any) -> dict[str, Any]:
        wanted = {"name": "ci", "is_own": True, "grants": grants, **more}
        return {"myx.fleet.token": {**wanted, "state": state}}

    checked = await play(token("present"), arguments=("--check",))
    assert checked[0]["changed"]
    assert (await control_plane.get("/tokens"))["count"] == 0
    other = [{"role": "admin"}]
    made, again, differs, renewed, gone, nothing = await play(
        token("present"),
        token("present"),
        token("present", grants=other),
        token("renewed", grants=other),
        token("absent"),
        token("absent"),
    )
    assert made["token"].startswith(made["info"]["prefix"])
    assert (again["changed"], "token" in again) == (False, False)
    assert "'state: renewed'" in differs["msg"]
    assert renewed["revoked"] == [made["info"]["id"]]
    assert gone["revoked"] == [renewed["info"]["id"]]
    assert not nothing["changed"]
