# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin ``myx.fleet.fleet``, with the real ``ansible-inventory``."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from real_control_plane import ControlPlaneProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

WEB1 = {
    "name": "web1",
    "address": "192.0.2.1",
    "ssh_port": 2222,
    "groups": ["web"],
    "variables": {"port": 80, "url": "http://{{ inventory_hostname }}/", "nested": ["{{ port }}"]},
    "secret_variables": {"password": "geheim1234"},
    "labels": {"env": "prod", "ring": "canary"},
    "idc": "fra1",
}
DB1 = {"name": "db1", "address": "192.0.2.2", "labels": {"env": "test"}, "idc": "ams1"}


@pytest.fixture(autouse=True)
async def _fleet(control_plane: ControlPlaneProcess) -> None:
    await control_plane.post("/hosts", WEB1)
    await control_plane.post("/hosts", DB1)
    group = {"name": "site", "children": ["web"], "variables": {"ntp": "ntp.example.org"}}
    await control_plane.post("/groups", group)


def configure(folder: Path, name: str = "fleet.myx.yml", **options: Any) -> Path:
    """Write a configuration of the plugin."""
    path = folder / name
    path.write_text(yaml.safe_dump({"plugin": "myx.fleet.fleet", **options}))
    return path


async def test_hosts_groups_and_variables_are_there(ansible: Any, tmp_path: Path) -> None:
    """What the control plane knows, Ansible knows; secrets it does not tell."""
    listed = await ansible("ansible-inventory", "-i", configure(tmp_path), "--list", "--export")
    inventory = listed.json
    assert inventory["web"]["hosts"] == ["web1"]
    assert inventory["site"] == {"children": ["web"], "vars": {"ntp": "ntp.example.org"}}
    assert inventory["ungrouped"]["hosts"] == ["db1"]
    web1 = inventory["_meta"]["hostvars"]["web1"]
    assert (web1["ansible_host"], web1["ansible_port"], web1["ansible_user"]) == (
        *("192.0.2.1", 2222),
        "root",
    )
    assert (web1["port"], web1["myx_labels"]) == (80, WEB1["labels"])
    assert (web1["myx_state"], web1["myx_idc"]) == ("not_installed", "fra1")
    assert not web1["myx_in_maintenance"]
    assert "geheim1234" not in listed.out


async def test_hosts_are_chosen_by_pattern_labels_and_states(ansible: Any, tmp_path: Path) -> None:
    """The control plane chooses, so that a small choice of a large fleet is quick."""
    for options, hosts in (
        ({"pattern": "site"}, ["web1"]),
        ({"labels": ["env in (prod,test)", "!ring"]}, ["db1"]),
        ({"states": ["online"]}, []),
    ):
        path = configure(tmp_path, **options)
        inventory = (await ansible("ansible-inventory", "-i", path, "--list")).json
        assert sorted(inventory["_meta"]["hostvars"]) == hosts


async def test_groups_and_variables_are_constructed(ansible: Any, tmp_path: Path) -> None:
    """By labels and by whatever else is known of a host."""
    path = configure(
        tmp_path,
        keyed_groups=[{"key": "myx_idc", "prefix": "idc"}],
        groups={"canaries": "'ring' in myx_labels"},
        compose={"ansible_host": "inventory_hostname ~ '.example.org'"},
        strict=True,
    )
    inventory = (await ansible("ansible-inventory", "-i", path, "--list")).json
    assert inventory["idc_fra1"]["hosts"] == inventory["canaries"]["hosts"] == ["web1"]
    assert inventory["idc_ams1"]["hosts"] == ["db1"]
    composed = inventory["_meta"]["hostvars"]["web1"]["ansible_host"]
    assert composed == {"__ansible_unsafe": "web1.example.org"}


async def test_a_wrong_expression_fails_where_strict(ansible: Any, tmp_path: Path) -> None:
    """Without 'strict' it is left out, as everywhere in Ansible."""
    wrong = {"compose": {"x": "nowhere.at_all"}}
    path = configure(tmp_path, **wrong)
    assert (await ansible("ansible-inventory", "-i", path, "--list")).code == 0
    strict = configure(tmp_path, **wrong, strict=True)
    failed = await ansible(
        "ansible-inventory", "-i", strict, "--list", ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="1"
    )
    assert failed.code != 0
    assert "Could not set x for host db1" in failed.err


@pytest.mark.parametrize("trusted", [True, False])
async def test_templates_run_only_where_they_are_trusted(
    ansible: Any, tmp_path: Path, *, trusted: bool
) -> None:
    """Who may change a host in MyX does not get to run programs where Ansible runs."""
    path = configure(tmp_path, trust_variables=trusted)
    shown = await ansible(
        *("ansible", "-i", path, "web1", "-m", "ansible.builtin.debug"),
        *("-a", "msg={{ [url] + nested }}"),
    )
    rendered = '"http://web1/",\n        80' in shown.out
    assert rendered is trusted, shown.out + shown.err


async def test_the_cache_answers_for_the_same_choice_only(
    ansible: Any, tmp_path: Path, control_plane: ControlPlaneProcess
) -> None:
    """While it holds nothing is asked; another choice, or a flush, asks."""
    cache = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(tmp_path / "cache"),
    }
    path = configure(tmp_path, **cache)
    first = (await ansible("ansible-inventory", "-i", path, "--list")).json
    await control_plane.post("/hosts", {"name": "new1", "address": "192.0.2.3"})
    assert (await ansible("ansible-inventory", "-i", path, "--list")).json == first
    flushed = await ansible("ansible-inventory", "-i", path, "--list", "--flush-cache")
    assert "new1" in flushed.json["_meta"]["hostvars"]
    path = configure(tmp_path, **cache, pattern="db1")
    assert "new1" not in (await ansible("ansible-inventory", "-i", path, "--list")).out
    assert not any(
        control_plane.token in file.read_text() for file in (tmp_path / "cache").iterdir()
    )


async def test_an_error_names_the_option_and_the_remedy(ansible: Any, tmp_path: Path) -> None:
    """A wrong token, and a file that is not the plugin's."""
    path = configure(tmp_path)
    strict = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1"}
    failed = await ansible("ansible-inventory", "-i", path, "--list", MYX_TOKEN="wrong", **strict)
    assert failed.code != 0
    assert "The token is wrong, expired or revoked" in failed.err
    unset = await ansible("ansible-inventory", "-i", path, "--list", MYX_URL="", **strict)
    assert "myx_url: not set" in unset.err
    other = configure(tmp_path, "hosts.yml")
    refused = await ansible("ansible-inventory", "-i", other, "--list", **strict)
    assert refused.code != 0


async def test_its_documentation_is_ansible_docs(ansible: Any) -> None:
    """Every option with its environment variable."""
    documented = await ansible("ansible-doc", "-t", "inventory", "-j", "myx.fleet.fleet")
    options = documented.json["myx.fleet.fleet"]["doc"]["options"]
    assert [one["name"] for one in options["myx_token"]["env"]] == ["MYX_TOKEN"]
    assert json.dumps(options["states"]["choices"]).count("online") == 1
