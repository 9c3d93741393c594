# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

import pytest

from api.groups.rows import GroupSpec
from api.hosts.targets import HostSpec
from api.inventory.document import read_inventory
from api.inventory.errors import InventoryInvalidError
from api.inventory.export import build_document, list_variables


def document(hostvars: dict[str, Any] | None = None, **groups: Any) -> dict[str, Any]:
    """Return an inventory as Ansible prints it."""
    return {"_meta": {"hostvars": hostvars or {}}, **groups}


def test_hosts_and_groups_are_read() -> None:
    """Variables stay where they are said; connection variables become fields."""
    found = read_inventory(
        document(
            {"web1": {"ansible_host": "192.0.2.1", "ansible_port": "2222", "port": 80}},
            all={"children": ["ungrouped", "web"], "vars": {"a": 1}},
            web={"hosts": ["web1"], "children": ["eu"], "vars": {"b": {"c": [2]}}},
            eu={"hosts": ["web2"]},
            ungrouped={"hosts": ["lonely"]},
        )
    )
    assert found.hosts == [
        HostSpec("lonely"),
        HostSpec("web1", ("web",), {"port": 80}, address="192.0.2.1", ssh_port=2222),
        HostSpec("web2", ("eu",)),
    ]
    assert found.groups == [
        GroupSpec("all", (), {"a": 1}),
        GroupSpec("eu"),
        GroupSpec("ungrouped"),
        GroupSpec("web", ("eu",), {"b": {"c": [2]}}),
    ]
    assert found.warnings == []


def test_the_nearest_group_says_how_a_host_is_reached() -> None:
    """Inside goes before around, then priority, then the later name; the host before all."""
    groups = {
        "all": {"vars": {"ansible_user": "everybody", "ansible_port": 1}},
        "site": {"children": ["web", "zone"], "vars": {"ansible_user": "site"}},
        "web": {"hosts": ["a", "b"], "vars": {"ansible_user": "web", "ansible_group_priority": 2}},
        "zone": {"hosts": ["a", "b", "c"], "vars": {"ansible_user": "zone"}},
        "alone": {"hosts": ["d"]},
    }
    hosts = read_inventory(document({"b": {"ansible_user": "own"}}, **groups)).hosts
    reached = {host.name: (host.ssh_user, host.ssh_port) for host in hosts}
    assert reached == {
        "a": ("web", 1),
        "b": ("own", 1),
        "c": ("zone", 1),
        "d": ("everybody", 1),
    }


def test_what_logs_in_from_elsewhere_stays_there() -> None:
    """Passwords and keys of the controller are left out with a warning that counts them."""
    found = read_inventory(
        document(
            {
                "web1": {
                    "ansible_become_password": {"__ansible_vault": "x"},
                    "ansible_ssh_private_key_file": "~/.ssh/id",
                    "ansible_connection": "ssh",
                    "ansible_become": True,
                    "ansible_python_interpreter": "/usr/bin/python3",
                    "foo-bar": 1,
                }
            },
            web={"hosts": ["web1"], "vars": {"ansible_ssh_common_args": "-J jump"}},
        )
    )
    assert found.hosts[0].variables == {
        "ansible_become": True,
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    assert found.groups[0].variables == {}
    said = "; ".join(found.warnings)
    assert "ansible_become_password (1)" in said
    assert "ansible_ssh_common_args (1)" in said
    assert "foo-bar (1)" in said


def test_vaulted_variables_stay_as_they_are() -> None:
    """They are kept with their mark, which Ansible on the host opens, and that is told."""
    value = {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n3139\n"}
    found = read_inventory(
        document({"web1": {"pw": value, "raw": {"__ansible_unsafe": "{{ x }}"}}})
    )
    assert found.hosts[0].variables == {"pw": value, "raw": {"__ansible_unsafe": "{{ x }}"}}
    assert "1 variables stay vaulted" in found.warnings[0]


def test_variables_are_kept_secret_by_name() -> None:
    """Globs name those that are sealed, of hosts and of groups."""
    body = document({"web1": {"vault_a": 1, "b": 2}}, web={"hosts": ["web1"], "vars": {"x_pw": 3}})
    found = read_inventory(body, ["vault_*", "*_pw"])
    assert (found.hosts[0].variables, found.hosts[0].secrets) == ({"b": 2}, {"vault_a": 1})
    assert (found.groups[0].variables, found.groups[0].secrets) == ({}, {"x_pw": 3})
    assert "vault_a" not in repr(found)


def test_an_address_that_only_ansible_renders_is_left_out() -> None:
    """The own name is filled in, other templates are told."""
    hostvars = {
        "web1": {"ansible_host": "{{ inventory_hostname }}.example.org"},
        "web2": {"ansible_host": "{{ lookup('x') }}"},
    }
    found = read_inventory(document(hostvars))
    assert [host.address for host in found.hosts] == ["web1.example.org", None]
    assert "web2.ansible_host" in found.warnings[0]


def test_localhost_is_left_out() -> None:
    """Every host is localhost to itself."""
    found = read_inventory(document({"localhost": {}}, web={"hosts": ["localhost", "web1"]}))
    assert [host.name for host in found.hosts] == ["web1"]
    assert "localhost was left out" in found.warnings[0]


def test_a_group_may_be_a_list_of_hosts() -> None:
    """Old inventory scripts say it so."""
    found = read_inventory(document(web=["web1"]))
    assert found.hosts == [HostSpec("web1", ("web",))]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "_meta"),
        ({"_meta": {"hostvars": []}}, "_meta"),
        ({"_meta": {"hostvars": {"a": 1}}}, "_meta"),
        (document(web={"hosts": "a"}), "web"),
        (document(web={"hosts": [1]}), "web"),
        (document(web={"vars": [1]}), "web"),
        (document(web=7), "web"),
        (document({"a b": {}}), "a b"),
        (document(**{"w:b": {}}), "w:b"),
        (document({"a": {"ansible_port": "x"}}), "a.ansible_port"),
        (document({"a": {"ansible_host": "http://x"}}), "a.ansible_host"),
        (document({"a": {"ansible_user": "-x"}}), "a.ansible_user"),
        (document({"1.2.3": {}}), "1.2.3.ansible_host"),
        (document({"a": {"v": float("nan")}}), "a.vars"),
        (document({"a": {"v": "x" * 300_000}}), "a.vars"),
    ],
)
def test_what_cannot_be_taken_over_is_named(body: dict[str, Any], place: str) -> None:
    """The host or group, and the field."""
    with pytest.raises(InventoryInvalidError) as caught:
        read_inventory(body)
    assert place in [fault.field for fault in caught.value.errors]
    assert "nothing was changed" in caught.value.message


def test_all_faults_are_told_at_once() -> None:
    """Up to a limit, and the rest is counted."""
    body = document({f"bad host {number}": {} for number in range(150)})
    with pytest.raises(InventoryInvalidError, match=r"149 more faults") as caught:
        read_inventory(body)
    assert len(caught.value.errors) == 100


def test_what_was_exported_is_read_as_it_was() -> None:
    """An export is an inventory that an import takes over unchanged."""
    hosts = [
        HostSpec("lonely", (), {}, {}, "192.0.2.3", "root", 22),
        HostSpec("web1", ("eu", "web"), {"a": 1}, {}, "192.0.2.1", "deploy", 2222),
    ]
    groups = [
        GroupSpec("all", (), {"x": 1}),
        GroupSpec("eu"),
        GroupSpec("site", ("web",)),
        GroupSpec("ungrouped"),
        GroupSpec("web", (), {"y": 2}),
    ]
    exported = build_document(hosts, groups)
    assert exported["all"]["hosts"] == ["lonely"]
    assert exported["all"]["children"] == ["eu", "site"]
    found = read_inventory(exported)
    assert found.hosts == hosts
    assert found.groups == [group for group in groups if group.name != "ungrouped"]
    assert list_variables(hosts[1]) == {
        "ansible_host": "192.0.2.1",
        "ansible_user": "deploy",
        "ansible_port": 2222,
        "a": 1,
    }
