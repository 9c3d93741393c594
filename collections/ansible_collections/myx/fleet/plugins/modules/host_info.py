# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosts does the control plane know, and what of each?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_info
short_description: Tell what a MyX control plane knows of its hosts
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Lists hosts with their groups, variables, labels and what is known of their agents.
extends_documentation_fragment:
  - myx.fleet.api
  - myx.fleet.attributes
  - myx.fleet.attributes.info
attributes:
  action_group: {}
options:
  name:
    description: Only the host of this name; no host is no error.
    type: str
  pattern:
    description: Only hosts that this Ansible pattern names, for example V(web:&eu:!web3).
    type: str
  group:
    description: Only hosts in this group, or in a group inside it.
    type: str
  labels:
    description: Only hosts with these labels, all of them, in Kubernetes' syntax.
    type: list
    elements: str
    default: []
  states:
    description:
      - Only hosts whose agent is in one of these states; V(failed) narrows them to those whose last
        execution failed.
    type: list
    elements: str
    choices: [not_installed, online, offline, failed]
    default: []
  search:
    description: Only hosts with this text in their name or address.
    type: str
seealso:
  - module: myx.fleet.host
  - plugin: myx.fleet.fleet
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Find what is offline in production
  myx.fleet.host_info:
    labels: [env=prod]
    states: [offline]
  register: found

- name: Nothing must be
  ansible.builtin.assert:
    that: found.hosts | length == 0
    fail_msg: "Offline: {{ found.hosts | map(attribute='name') | join(', ') }}"
"""

RETURN = r"""
hosts:
  description: The hosts, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name in the inventory.
      returned: success
      type: str
      sample: web1
    address:
      description: IP address or DNS name.
      returned: success
      type: str
      sample: 192.0.2.1
    groups:
      description: The groups that it is directly in.
      returned: success
      type: list
      elements: str
    variables:
      description: Its variables; of secret ones only the names are told, in C(secret_variables).
      returned: success
      type: dict
    labels:
      description: Its labels.
      returned: success
      type: dict
    agent:
      description: What is known of its agent, such as C(status), C(version) and C(last_seen_at).
      returned: success
      type: dict
    maintenance_since:
      description: Since when nothing new starts there; null where it is not in maintenance.
      returned: success
      type: str
"""

from ansible_collections.myx.fleet.plugins.module_utils._client import Client, quote_segment
from ansible_collections.myx.fleet.plugins.module_utils._module import FleetModule, Result

_FILTERS = ("pattern", "group", "labels", "states", "search")

SPEC = {
    "name": {"type": "str"},
    "pattern": {"type": "str"},
    "group": {"type": "str"},
    "labels": {"type": "list", "elements": "str", "default": []},
    "states": {
        "type": "list",
        "elements": "str",
        "choices": ["not_installed", "online", "offline", "failed"],
        "default": [],
    },
    "search": {"type": "str"},
}


def tell(module: FleetModule, client: Client) -> Result:
    """Return the hosts."""
    asked = module.params
    if asked["name"] is not None:
        found = client.find("/hosts/" + quote_segment(asked["name"]))
        return {"changed": False, "hosts": [found] if found else []}
    hosts = client.list_all(
        "/hosts",
        pattern=asked["pattern"],
        group=asked["group"],
        label=asked["labels"],
        state=asked["states"],
        search=asked["search"],
    )
    return {"changed": False, "hosts": hosts}


def main() -> None:
    """Run the module."""
    rules = [("name", other) for other in _FILTERS if other not in ("labels", "states")]
    FleetModule(SPEC, mutually_exclusive=rules).carry_out(tell)


if __name__ == "__main__":
    main()
