# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosts and groups does the control plane know, as an inventory of Ansible?"""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet
short_description: The hosts and groups of a MyX control plane
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Reads hosts, groups, variables, labels and the agents' states from the API of MyX.
  - Its configuration is a YAML file whose name ends with C(myx.yml) or C(myx.yaml).
  - C(ansible_host), C(ansible_user) and C(ansible_port) say how a host is reached over SSH. Secret
    variables are never answered by the API, so they are not in the inventory.
extends_documentation_fragment:
  - myx.fleet.api.plugin
  - myx.fleet.api.retries
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - Each host gets C(myx_labels), C(myx_state) (V(online), V(offline) or V(not_installed)),
    C(myx_agent_version), C(myx_description), C(myx_location), C(myx_provider), C(myx_idc) and
    C(myx_in_maintenance). Variables of the host or of its groups with these names go before them.
options:
  plugin:
    description: Marks the file as a configuration of this plugin.
    type: str
    required: true
    choices:
      - myx.fleet.fleet
  pattern:
    description: Only hosts that this Ansible pattern names, for example V(web:&eu:!web3).
    type: str
  labels:
    description:
      - Only hosts with these labels, all of them, in Kubernetes' syntax, for example V(env=prod),
        V(env!=prod), V(env in (prod,test\)), V(env) or V(!env).
    type: list
    elements: str
    default: []
  states:
    description:
      - Only hosts whose agent is in one of these states; V(failed) narrows them to those whose
        last execution failed.
    type: list
    elements: str
    choices: [not_installed, online, offline, failed]
    default: []
  trust_variables:
    description:
      - Whether Ansible renders templates in the variables that are kept in MyX.
      - Templates can run programs on the machine where Ansible runs. Set it only where everybody
        who may change hosts in MyX may do that.
    type: bool
    default: false
"""

EXAMPLES = r"""
# fleet.myx.yml, with MYX_URL and MYX_TOKEN in the environment
plugin: myx.fleet.fleet

---
# Production only, in groups by data centre and by the agent's state, cached for ten minutes
plugin: myx.fleet.fleet
myx_url: https://myx.example.org
labels:
  - env=prod
keyed_groups:
  - key: myx_idc
    prefix: idc
  - key: myx_state
    prefix: agent
groups:
  canaries: "'canary' in myx_labels"
compose:
  ansible_host: myx_labels.private_address | default(ansible_host)
strict: true
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/myx
cache_timeout: 600
"""

import hashlib
import json
import typing as t

from ansible.errors import AnsibleParserError
from ansible.module_utils.common.text.converters import to_native
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.myx.fleet.plugins.module_utils._settings import Settings

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core 2.18 trusts what is not marked as unsafe
    from ansible.utils.unsafe_proxy import wrap_var

    _MARKS = {True: str, False: wrap_var}
else:
    _MARKS = {True: trust_as_template, False: str}

Row = t.Dict[str, t.Any]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]
    """Turns the rows of two lists into Ansible's objects."""

    NAME = "myx.fleet.fleet"

    def verify_file(self, path: str) -> bool:
        """Say whether the name is one of a configuration of this plugin."""
        return bool(super().verify_file(path)) and path.endswith(("myx.yml", "myx.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:  # noqa: FBT001, FBT002 - as inherited
        """Fill the inventory from the API or from the cache.

        Raises:
            AnsibleParserError: the control plane was not reached, refused, or a template is wrong.
        """
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            fleet = self._load(path, may_read=cache)
        except FleetError as error:
            # Ansible prints causes one behind the other, and this one says it all.
            raise AnsibleParserError(to_native(error)) from None
        for group in fleet["groups"]:
            self._add_group(group)
        for group in fleet["groups"]:
            self._nest_group(group)
        for host in fleet["hosts"]:
            self._add_host(host)

    def _load(self, path: str, *, may_read: bool) -> dict[str, list[Row]]:
        """Return groups and hosts, and keep them where a cache is wanted."""
        settings = Settings.from_options(self.get_options())
        wanted = self.get_option("cache")
        # Others may see other hosts: a cache is for one control plane, one token and one choice.
        choice = [
            settings.url,
            settings.token,
            *map(self.get_option, ("pattern", "labels", "states")),
        ]
        digest = hashlib.sha256(json.dumps(choice).encode()).hexdigest()[:16]
        key = f"{self.get_cache_key(path)}_{digest}"
        if wanted and may_read:
            try:
                cached: dict[str, list[Row]] = self._cache[key]
            except KeyError:
                pass
            else:
                return cached
        fleet = self._ask(Client(settings))
        if wanted:
            self._cache[key] = fleet
        return fleet

    def _ask(self, client: Client) -> dict[str, list[Row]]:
        return {
            "groups": client.list_all("/groups"),
            "hosts": client.list_all(
                "/hosts",
                pattern=self.get_option("pattern"),
                label=self.get_option("labels"),
                state=self.get_option("states"),
            ),
        }

    def _add_group(self, group: Row) -> None:
        self.inventory.add_group(group["name"])
        for name, value in group["variables"].items():
            self.inventory.set_variable(
                group["name"], name, _mark(value, trusted=self.get_option("trust_variables"))
            )

    def _nest_group(self, group: Row) -> None:
        for child in group["children"]:
            # Groups that the token does not reach are not listed.
            if child in self.inventory.groups:
                self.inventory.add_child(group["name"], child)

    def _add_host(self, host: Row) -> None:
        name = host["name"]
        self.inventory.add_host(name)
        for group in host["groups"]:
            self.inventory.add_group(group)
            self.inventory.add_child(group, name)
        variables = {**_describe(host), **host["variables"]}
        for variable, value in variables.items():
            self.inventory.set_variable(
                name, variable, _mark(value, trusted=self.get_option("trust_variables"))
            )
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), self._see(name), name, strict=strict)
        self._add_host_to_composed_groups(
            self.get_option("groups"), self._see(name), name, strict=strict
        )
        self._add_host_to_keyed_groups(
            self.get_option("keyed_groups"), self._see(name), name, strict=strict
        )

    def _see(self, name: str) -> Row:
        variables: Row = self.inventory.get_host(name).get_vars()
        return variables


def _describe(host: Row) -> Row:
    """Tell what is known of a host beside its variables."""
    return {
        "ansible_host": host["address"],
        "ansible_user": host["ssh_user"],
        "ansible_port": host["ssh_port"],
        "myx_labels": host["labels"],
        "myx_state": host["agent"]["status"],
        "myx_agent_version": host["agent"]["version"],
        "myx_description": host["description"],
        "myx_location": host["location"],
        "myx_provider": host["provider"],
        "myx_idc": host["idc"],
        "myx_in_maintenance": host["maintenance_since"] is not None,
    }


def _mark(value: t.Any, *, trusted: bool) -> t.Any:
    """Say which texts Ansible may render: all, or those that cannot be templates."""
    if isinstance(value, dict):
        return {name: _mark(one, trusted=trusted) for name, one in value.items()}
    if isinstance(value, list):
        return [_mark(one, trusted=trusted) for one in value]
    if not isinstance(value, str):
        return value
    return _MARKS[trusted or "{" not in value](value)
