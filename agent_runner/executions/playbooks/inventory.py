# SPDX-License-Identifier: GPL-3.0-or-later
"""Which inventory does a playbook see on the host?

The one that the control plane sends, with this host connected locally, beside the bundle's own
``group_vars`` and ``host_vars``. Other hosts are visible by name and group and are not run: the
limit is this host, and ``localhost`` so that plays for it work too.
"""

import json
import os
from pathlib import Path
from typing import Any

from agent_runner.protocol.errors import InvalidParamsError
from agent_runner.protocol.fleets import FleetUnreadableError, PackedFleet, unpack_fleet
from agent_runner.protocol.methods import ExecuteAnsibleParams

_VARIABLE_FOLDERS = ("group_vars", "host_vars")


def write_inventory(folder: Path, bundle: Path, params: ExecuteAnsibleParams) -> Path:
    """Write the inventory into ``folder`` and return its file.

    Raises:
        InvalidParamsError: it does not have the form of an inventory.
    """
    folder.mkdir(mode=0o700)
    path = folder / "hosts.json"
    write_private(path, json.dumps(_build_inventory(params)))
    for name in _VARIABLE_FOLDERS:
        source = bundle / "inventory" / name
        if source.is_dir():
            (folder / name).symlink_to(source)
    return path


def build_limit(params: ExecuteAnsibleParams) -> str:
    """Return the ``--limit``: this host, and localhost.

    Whether this host is meant was decided by the control plane, which knows all hosts, when it
    sent the execution here; so its caller's own pattern narrows nothing any more.
    """
    return f"{params.inventory_hostname},localhost"


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else may read."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as stream:
        stream.write(text)


def _build_inventory(params: ExecuteAnsibleParams) -> dict[str, Any]:
    """Return what the host knows of itself, connected locally, among the names of all others."""
    everything = _descend(params.inventory, "all")
    hosts, groups = _descend(everything, "hosts"), _descend(everything, "children")
    name = params.inventory_hostname
    own = {**_descend(hosts, name), "ansible_connection": "local"}
    fleet = _unpack(params.fleet)
    merged = {
        **everything,
        "hosts": {**dict.fromkeys(fleet.hosts), **hosts, name: own},
        "children": {**groups, **_merge_groups(fleet, groups)},
    }
    return {**params.inventory, "all": merged}


def _merge_groups(fleet: PackedFleet, groups: dict[str, Any]) -> dict[str, Any]:
    return {
        group: {
            **(groups.get(group) or {}),
            "hosts": dict.fromkeys(fleet.name_hosts(members)),
            "children": dict.fromkeys(members.children),
        }
        for group, members in fleet.groups.items()
    }


def _unpack(packed: str) -> PackedFleet:
    try:
        return unpack_fleet(packed) if packed else PackedFleet()
    except FleetUnreadableError as error:
        raise InvalidParamsError(f"fleet: {error}") from error


def _descend(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    value = mapping.get(key) or {}
    if not isinstance(value, dict):
        raise InvalidParamsError(
            f"inventory: '{key}' must be an object, as in Ansible's YAML inventory"
        )
    return value
