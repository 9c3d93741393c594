# SPDX-License-Identifier: GPL-3.0-or-later
"""Where and as whom does an inventory reach a host over SSH?

``ansible_host``, ``ansible_port`` and ``ansible_user``, of the host or of the nearest of its
groups, in Ansible's order: groups inside go before those around them, a higher
``ansible_group_priority`` before a lower one, then the later name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.core.errors import FieldError
from api.groups.hierarchy import collect_reachable, invert
from api.hosts.fields import check_address, check_ssh_user

ALL = "all"
DEFAULT_PRIORITY = 1
MAX_PORT = 65535

_HOST = ("ansible_host", "ansible_ssh_host")
_PORT = ("ansible_port", "ansible_ssh_port")
_USER = ("ansible_user", "ansible_ssh_user")
_MAPPED = frozenset((*_HOST, *_PORT, *_USER))

_CONTROLLERS = re.compile(
    r"ansible_(connection|password|ssh_\w+|scp_\w+|sftp_\w+|paramiko_\w+|private_key_file"
    r"|host_key_checking|control_path\w*|become_pass(word)?|become_exe|sudo_pass(word)?|su_pass)"
)
_OWN_NAME = re.compile(r"\{\{\s*inventory_hostname\s*\}\}")


def is_mapped(name: str) -> bool:
    """Say whether a variable becomes a field of the host."""
    return name in _MAPPED


def is_controllers(name: str) -> bool:
    """Say whether a variable is about logging in from where Ansible runs, and nothing else."""
    return _CONTROLLERS.fullmatch(name) is not None


@dataclass(slots=True)
class Connection:
    """How a host is reached; None where the inventory does not say."""

    address: str | None = None
    port: int | None = None
    user: str | None = None
    faults: list[FieldError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Connections:
    """How the hosts of one inventory are reached."""

    def __init__(self, groups: Mapping[str, Mapping[str, Any]]) -> None:
        self._variables = {name: body.get("vars") or {} for name, body in groups.items()}
        children = {name: tuple(body.get("children") or ()) for name, body in groups.items()}
        self._parents = invert(children)
        self._depths: dict[str, int] = {}
        said = {name for name, own in self._variables.items() if _MAPPED & own.keys()}
        self._said = said

    def find(self, name: str, groups: Iterable[str], variables: Mapping[str, Any]) -> Connection:
        """Find how a host with these groups and variables is reached."""
        merged = {**self._merge_groups(groups), **variables}
        found = Connection()
        address = _first(merged, _HOST)
        if isinstance(address, str):
            address = _OWN_NAME.sub(name, address)
        found.address = _take(found, f"{name}.ansible_host", address, check_address)
        found.port = _take(found, f"{name}.ansible_port", _first(merged, _PORT), _check_port)
        found.user = _take(found, f"{name}.ansible_user", _first(merged, _USER), check_ssh_user)
        return found

    def _merge_groups(self, groups: Iterable[str]) -> dict[str, Any]:
        if not self._said:
            return {}
        around = (collect_reachable(groups, self._parents) | {ALL}) & self._said
        merged: dict[str, Any] = {}
        for group in sorted(around, key=self._rank):
            merged |= self._variables[group]
        return merged

    def _rank(self, group: str) -> tuple[int, int, str]:
        priority = self._variables[group].get("ansible_group_priority", DEFAULT_PRIORITY)
        return (self._get_depth(group), _to_int(priority), group)

    def _get_depth(self, group: str) -> int:
        """Return the length of the longest way from 'all'; Ansible's inventories have no rings."""
        if group not in self._depths:
            self._depths[group] = 0
            above = [self._get_depth(parent) for parent in self._parents.get(group, ())]
            self._depths[group] = max(above, default=-1) + 1
        return self._depths[group]


def _take(found: Connection, place: str, value: Any, check: Callable[[Any], Any]) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, dict) or "{{" in str(value):
        found.warnings.append(
            f"{place} is rendered by Ansible only and was left out; set it with 'myx host set'"
        )
        return None
    try:
        return check(value if isinstance(value, int) else str(value))
    except ValueError as error:
        found.faults.append(FieldError(place, str(error)))
        return None


def _check_port(value: Any) -> int:
    port = _to_int(value)
    if not 0 < port <= MAX_PORT:
        raise ValueError(f"'{value}' is no port")
    return port


def _to_int(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return -1


def _first(variables: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((variables[name] for name in names if name in variables), None)
