# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a playbook on the host see of the inventory what it would see over SSH?"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent_runner.executions.playbooks.inventory import build_limit, write_inventory
from agent_runner.protocol.methods import ExecuteAnsibleParams
from api.groups.hierarchy import GroupNode
from api.hosts.selection.fleet import Fleet, build_inventory
from api.hosts.targets import Member
from api.inventory.document import read_inventory
from api.inventory.export import list_variables

BIN = Path(sys.executable).parent

INVENTORY = """
all:
  vars: {a: all, b: all, c: all, d: all, e: all, deep: {from: all}}
  hosts:
    lonely: {}
  children:
    us-east: {hosts: {web2: {}}, vars: {b: us}}
    servers:
      vars: {b: servers, c: servers, d: servers, z_or_a: servers}
      children:
        web:
          vars: {c: web, d: web, z_or_a: web, deep: {from: web}}
          hosts:
            web1: {d: host, ansible_host: 192.0.2.1, rendered: "{{ c }}-{{ inventory_hostname }}"}
            web2: {}
        alpha:
          vars: {z_or_a: alpha, e: alpha, prio: alpha, ansible_group_priority: 10}
          hosts: {web1: {}, db1: {own: db1}}
        zulu:
          vars: {z_or_a: zulu, e: zulu, prio: zulu}
          hosts: {web1: {}}
    ungrouped: {vars: {e: ungrouped}}
    empty: {}
"""
NAMES = ("a", "b", "c", "d", "e", "z_or_a", "prio", "deep", "rendered", "ansible_host")


def _see(folder: Path, inventory: Path, host: str, limit: str) -> dict[str, Any]:
    """Return what a playbook sees as ``host`` with that inventory."""
    playbook, seen = folder / "site.yml", folder / "seen.json"
    lookups = ", ".join(f"'{name}': {name} | default('-')" for name in NAMES)
    playbook.write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.copy:\n"
        f'        dest: "{seen}"\n        mode: "0600"\n        content: >-\n'
        "          {{ {'groups': groups, 'group_names': group_names,\n"
        "              'hosts': hostvars.keys() | list | sort, 'name': inventory_hostname,\n"
        f"              'vars': {{{lookups}}}}} | to_json }}}}\n"
    )
    arguments = ["-i", str(inventory), "-l", limit, str(playbook)]
    python = f"ansible_python_interpreter={sys.executable}"
    ran = subprocess.run(
        [BIN / "ansible-playbook", *arguments, "-e", "ansible_connection=local", "-e", python],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found: dict[str, Any] = json.loads(seen.read_text())
    assert found["name"] == host
    found["groups"] = {name: sorted(hosts) for name, hosts in found["groups"].items()}
    return found


def _export(source: Path) -> dict[str, Any]:
    command = [BIN / "ansible-inventory", "-i", source, "--list", "--export"]
    exported: dict[str, Any] = json.loads(subprocess.check_output(command))
    return exported


def _write_ours(folder: Path, exported: dict[str, Any], host: str) -> tuple[Path, str]:
    """Take the inventory over, and write what the agent of that host makes of what it is sent."""
    taken = read_inventory(exported)
    members = [Member(n, spec.name, spec.groups) for n, spec in enumerate(taken.hosts, start=1)]
    fleet = Fleet(tuple(members), tuple(GroupNode(g.name, g.children) for g in taken.groups))
    [member] = [each for each in members if each.name == host]
    [spec] = [each for each in taken.hosts if each.name == host]
    around = fleet.list_groups_of(member)
    groups = {group.name: dict(group.variables) for group in taken.groups if group.name in around}
    told = {name: value for name, value in list_variables(spec).items() if value is not None}
    params = ExecuteAnsibleParams(
        playbook="site.yml",
        command_id="x",
        bundle="0" * 64,
        inventory=build_inventory(host, told, groups),
        fleet=fleet.packed,
        inventory_hostname=host,
    )
    return write_inventory(folder / "inventory", folder, params), build_limit(params)


@pytest.mark.parametrize("host", ["web1", "web2", "db1", "lonely"])
def test_a_playbook_sees_what_it_would_see_over_ssh(tmp_path: Path, host: str) -> None:
    """Groups, its own groups, names of all hosts, and variables merged by precedence."""
    source = tmp_path / "hosts.yml"
    source.write_text(INVENTORY)
    (tmp_path / "ours").mkdir()
    reference = _see(tmp_path, source, host, host)
    inventory, limit = _write_ours(tmp_path / "ours", _export(source), host)
    ours = _see(tmp_path / "ours", inventory, host, limit)
    assert ours == {**reference, "groups": ours["groups"]}
    # An empty group is not in what ansible-inventory exports.
    assert {**ours["groups"], "empty": []} == {"empty": [], **reference["groups"]}
