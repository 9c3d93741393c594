# SPDX-License-Identifier: GPL-3.0-or-later
"""What does Ansible get as script inventory? ``--list`` with all variables of hosts at once."""

from collections.abc import Sequence
from typing import Any

from api.groups.fields import BUILT_IN_GROUPS
from api.groups.rows import GroupSpec
from api.hosts.targets import HostSpec

ALL = "all"


def build_document(hosts: Sequence[HostSpec], groups: Sequence[GroupSpec]) -> dict[str, Any]:
    """Build what a script inventory prints for ``--list``."""
    members: dict[str, list[str]] = {}
    for host in hosts:
        for group in host.groups:
            members.setdefault(group, []).append(host.name)
    known = {group.name for group in groups}
    inside = {child for group in groups for child in group.children}
    document: dict[str, Any] = {
        group.name: _drop_empty(
            hosts=members.get(group.name, []),
            children=[child for child in group.children if child in known],
            vars=group.variables,
        )
        for group in groups
        if group.name not in BUILT_IN_GROUPS or group.variables
    }
    # 'ungrouped' is filled by Ansible itself; 'all' names what is in no other group.
    top = [name for name in sorted(known - inside) if name not in BUILT_IN_GROUPS]
    alone = [host.name for host in hosts if not known.intersection(host.groups)]
    document[ALL] = {**document.get(ALL, {}), **_drop_empty(hosts=alone, children=top)}
    return {"_meta": {"hostvars": {host.name: list_variables(host) for host in hosts}}, **document}


def list_variables(host: HostSpec) -> dict[str, Any]:
    """List what a script inventory prints for ``--host``: no secrets."""
    connection = {
        "ansible_host": host.address,
        "ansible_user": host.ssh_user,
        "ansible_port": host.ssh_port,
    }
    return {**connection, **host.variables}


def _drop_empty(**parts: Any) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part}
