# SPDX-License-Identifier: GPL-3.0-or-later
"""Which inventory does a playbook see on the host?

The one that the control plane sends, with this host connected locally, beside the bundle's own
``group_vars`` and ``host_vars``. Other hosts are visible by name and are not run: the limit is
this host, and ``localhost`` so that plays for it work too.
"""

import json
import os
from pathlib import Path
from typing import Any

from agent_runner.protocol.errors import InvalidParamsError
from agent_runner.protocol.methods import ExecuteAnsibleParams

_VARIABLE_FOLDERS = ("group_vars", "host_vars")


def write_inventory(folder: Path, bundle: Path, params: ExecuteAnsibleParams) -> Path:
    """Write the inventory into ``folder`` and return its file.

    Raises:
        InvalidParamsError: it does not have the form of an inventory.
    """
    folder.mkdir(mode=0o700)
    path = folder / "hosts.json"
    inventory = _connect_locally(params.inventory, params.inventory_hostname)
    write_private(path, json.dumps(inventory))
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


def _connect_locally(inventory: dict[str, Any], hostname: str) -> dict[str, Any]:
    """Return the inventory with this host in it, connected locally."""
    everything = _descend(inventory, "all")
    hosts = _descend(everything, "hosts")
    own = {**_descend(hosts, hostname), "ansible_connection": "local"}
    return {**inventory, "all": {**everything, "hosts": {**hosts, hostname: own}}}


def _descend(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    value = mapping.get(key) or {}
    if not isinstance(value, dict):
        raise InvalidParamsError(
            f"inventory: '{key}' must be an object, as in Ansible's YAML inventory"
        )
    return value
