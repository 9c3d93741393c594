# SPDX-License-Identifier: GPL-3.0-or-later
"""What does an inventory of Ansible say? Read from its JSON, and checked; pure.

Variables that say how Ansible logs in from where it runs do not travel: a playbook runs on the
host itself, and a vaulted ``ansible_become_password`` would fail every task there. Address, port
and account become fields of the host. All faults are collected before the first is told.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from api.core.errors import FieldError
from api.groups.fields import BUILT_IN_GROUPS, check_group_name, check_variables, warn_of_group_name
from api.groups.rows import GroupSpec
from api.hosts.fields import RESERVED_HOST_NAMES, check_address, check_host_name
from api.hosts.targets import HostSpec
from api.inventory.connection import Connections, is_controllers, is_mapped
from api.inventory.errors import InventoryInvalidError

META = "_meta"
VAULT_MARK = "__ansible_vault"


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is to be there."""

    hosts: list[HostSpec]
    groups: list[GroupSpec]
    warnings: list[str] = field(default_factory=list)


def read_inventory(document: Mapping[str, Any], secret_globs: Iterable[str] = ()) -> Inventory:
    """Read an inventory.

    Raises:
        InventoryInvalidError: names the host or group, and the field, of each fault.
    """
    return _Reader(document, tuple(secret_globs)).read()


class _Reader:
    """One reading of a document; collects what is wrong and what is worth a word."""

    def __init__(self, document: Mapping[str, Any], secret_globs: tuple[str, ...]) -> None:
        self._document = document
        self._secret_globs = secret_globs
        self._faults: list[FieldError] = []
        self._left_out: Counter[str] = Counter()
        self._misnamed: Counter[str] = Counter()
        self._vaulted = 0
        self._warnings: list[str] = []

    def read(self) -> Inventory:
        groups = {
            name: self._read_group(name, value)
            for name, value in self._document.items()
            if name != META
        }
        host_variables = self._read_host_variables()
        members = self._list_members(groups, host_variables)
        self._refuse_faults()
        connections = Connections(groups)
        hosts = [
            self._make_host(name, own_groups, host_variables.get(name, {}), connections)
            for name, own_groups in sorted(members.items())
        ]
        specs = [self._make_group(name, body) for name, body in sorted(groups.items())]
        self._refuse_faults()
        return Inventory(hosts, specs, [*self._warnings, *self._summarize()])

    def _read_group(self, name: str, value: Any) -> dict[str, Any]:
        body = {"hosts": value} if isinstance(value, list) else value
        if name not in BUILT_IN_GROUPS:
            self._check(name, check_group_name, name)
        if not isinstance(body, dict) or not _is_group(body):
            message = "not a group: an object with lists 'hosts' and 'children', and 'vars'"
            self._faults.append(FieldError(name, message))
            return {}
        return body

    def _read_host_variables(self) -> dict[str, dict[str, Any]]:
        meta = self._document.get(META) or {}
        found = meta.get("hostvars") if isinstance(meta, dict) else None
        if not isinstance(found, dict) or not all(isinstance(v, dict) for v in found.values()):
            message = (
                "there is no object 'hostvars' with an object for each host; send what "
                "'ansible-inventory --list --export' prints"
            )
            self._faults.append(FieldError(META, message))
            return {}
        return found

    def _list_members(
        self, groups: Mapping[str, Mapping[str, Any]], host_variables: Iterable[str]
    ) -> dict[str, set[str]]:
        """List all hosts with the groups that they are directly in."""
        members: dict[str, set[str]] = {name: set() for name in host_variables}
        for group, body in groups.items():
            for host in body.get("hosts") or ():
                members.setdefault(host, set())
                if group not in BUILT_IN_GROUPS:
                    members[host].add(group)
        for name in [name for name in members if name.lower() in RESERVED_HOST_NAMES]:
            del members[name]
            self._warnings.append(f"{name} was left out: every host is that to itself")
        for name in members:
            self._check(name, check_host_name, name)
        return members

    def _make_host(
        self, name: str, groups: set[str], variables: dict[str, Any], connections: Connections
    ) -> HostSpec:
        plain, secret = self._split(name, variables)
        connection = connections.find(name, groups, variables)
        if connection.address is None:
            self._check(f"{name}.ansible_host", check_address, name)
        self._faults += connection.faults
        self._warnings += connection.warnings
        return HostSpec(
            name=name,
            groups=tuple(sorted(groups)),
            variables=plain,
            secrets=secret,
            address=connection.address,
            ssh_user=connection.user,
            ssh_port=connection.port,
        )

    def _make_group(self, name: str, body: Mapping[str, Any]) -> GroupSpec:
        plain, secret = self._split(name, body.get("vars") or {})
        warning = None if name in BUILT_IN_GROUPS else warn_of_group_name(name)
        self._warnings += filter(None, [warning])
        children = () if name in BUILT_IN_GROUPS else body.get("children") or ()
        return GroupSpec(name, tuple(sorted(set(children))), plain, secret)

    def _split(
        self, place: str, variables: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Part what travels from what is secret, and leave out what cannot travel."""
        plain: dict[str, Any] = {}
        secret: dict[str, Any] = {}
        for name, value in variables.items():
            if is_mapped(name):
                continue
            if is_controllers(name):
                self._left_out[name] += 1
            elif not _is_usable(name):
                self._misnamed[name] += 1
            else:
                self._vaulted += VAULT_MARK in json.dumps(value)
                is_secret = any(fnmatchcase(name, glob) for glob in self._secret_globs)
                (secret if is_secret else plain)[name] = value
        for part in (plain, secret):
            self._check(f"{place}.vars", check_variables, part)
        return plain, secret

    def _check(self, place: str, check: Callable[[Any], object], value: Any) -> None:
        try:
            check(value)
        except ValueError as error:
            self._faults.append(FieldError(place, str(error)))

    def _refuse_faults(self) -> None:
        if self._faults:
            raise InventoryInvalidError.of(self._faults)

    def _summarize(self) -> Iterable[str]:
        if self._left_out:
            yield (
                "variables that say how Ansible logs in from where it runs were left out: "
                f"{_tell(self._left_out)}; 'myx host set --ssh-key' gives what installing needs"
            )
        if self._misnamed:
            listed = _tell(self._misnamed)
            yield f"variables with names that Ansible cannot use were left out: {listed}"
        if self._vaulted:
            yield (
                f"{self._vaulted} variables stay vaulted: playbooks that use them need the vault "
                "password on the host; or import them decrypted with --secret-var"
            )


def _is_group(body: Mapping[str, Any]) -> bool:
    lists = (body.get("hosts") or [], body.get("children") or [])
    return isinstance(body.get("vars") or {}, dict) and all(
        isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists
    )


def _is_usable(name: str) -> bool:
    try:
        check_variables({name: None})
    except ValueError:
        return False
    return True


def _tell(counted: Counter[str]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in sorted(counted.items()))
