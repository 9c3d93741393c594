# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a host's playbook know of the fleet? An inventory in Ansible's YAML form, as JSON.

The host itself is there with its variables. Of all others it learns names and groups, which is
what ``groups['web']`` and ``'db' in group_names`` need; their variables may hold secrets.
"""

from collections.abc import Sequence
from typing import Any

from api.hosts.targets import Member


def build_inventory(
    members: Sequence[Member], name: str, variables: dict[str, Any]
) -> dict[str, Any]:
    """Build the inventory that host ``name`` gets; ``variables`` are its own."""
    groups: dict[str, dict[str, None]] = {}
    for member in members:
        for group in member.groups:
            groups.setdefault(group, {})[member.name] = None
    hosts: dict[str, Any] = {member.name: None for member in members}
    hosts[name] = variables
    children = {group: {"hosts": names} for group, names in sorted(groups.items())}
    return {"all": {"hosts": hosts, "children": children}}
