# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is a host of the control plane as it should be, and what is done about it?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: host
short_description: Manage a host of a MyX control plane
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Adds, changes or forgets a host. Nothing is contacted, the agent is brought there by the role
    P(myx.fleet.agent#role) or by C(myx agent install).
extends_documentation_fragment:
  - myx.fleet.api
  - myx.fleet.attributes
attributes:
  action_group: {}
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Secrets are shown by name only.
  idempotent:
    support: partial
    details:
      - With O(update_secrets=always) secrets that are given are set each time.
options:
  name:
    description: Name in the inventory.
    type: str
    required: true
  state:
    description:
      - V(present) makes the host be as the options say; what they leave out stays.
      - V(absent) forgets it. Its runs stay. An agent there goes on unless it is removed first.
    type: str
    choices: [present, absent]
    default: present
  address:
    description: IP address or DNS name. Required for a new host.
    type: str
  ssh_user:
    description: SSH account, root or one that may use sudo; V(root) for a new host.
    type: str
  ssh_port:
    description: Port of the SSH server; V(22) for a new host.
    type: int
  ssh_private_key:
    description: Private key to log in with, kept sealed for installs.
    type: str
  ssh_password:
    description: Password to log in with, kept sealed for installs.
    type: str
  groups:
    description:
      - Groups that the host is directly in, all of them. Who does not exist yet is created.
    type: list
    elements: str
  variables:
    description: Ansible variables, all of them.
    type: dict
  secret_variables:
    description:
      - Ansible variables that are kept sealed, never answered, and masked in logs.
      - What is named is set, or taken out with V(null); the rest stays.
    type: dict
  labels:
    description: Texts by key, all of them; to choose hosts by, Ansible does not see them.
    type: dict
  description:
    description: What it is for.
    type: str
  location:
    description: Where it stands.
    type: str
  provider:
    description: Who runs it.
    type: str
  idc:
    description: Data centre.
    type: str
  max_playbooks:
    description: Playbooks at once on this host; V(0) for as many as on all hosts.
    type: int
  max_commands:
    description: Commands and scripts at once on this host; V(0) for as many as on all hosts.
    type: int
  maintenance:
    description: Whether nothing new starts on the host.
    type: bool
  maintenance_reason:
    description: Why, for people; used with O(maintenance=true).
    type: str
  update_secrets:
    description:
      - The control plane does not tell secrets, so it cannot be seen whether they are as given.
      - V(on_create) sets only what is not there at all, V(always) sets them each time.
    type: str
    choices: [on_create, always]
    default: on_create
seealso:
  - module: myx.fleet.host_info
"""

EXAMPLES = r"""
- name: Add a web server
  myx.fleet.host:
    name: web1
    address: 192.0.2.1
    groups: [web, eu]
    labels:
      env: prod
    variables:
      http_port: 8080

- name: Let nothing new start there
  myx.fleet.host:
    name: web1
    maintenance: true
    maintenance_reason: New disks

- name: Forget it
  myx.fleet.host:
    name: web1
    state: absent
"""

RETURN = r"""
host:
  description:
    - The host as it is now; in check mode as it would be, as far as that can be known.
    - See the return value RV(myx.fleet.host_info#module:hosts).
  returned: O(state=present)
  type: dict
"""

import ipaddress
import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._client import Client, quote_segment
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._module import (
    FleetModule,
    Result,
    find_changes,
    make_diff,
)

_PLAIN = (
    *("address", "ssh_user", "ssh_port", "groups", "variables", "labels"),
    *("description", "location", "provider", "idc", "max_playbooks", "max_commands"),
)
_SSH_SECRETS = ("ssh_private_key", "ssh_password")
_NEW = {"ssh_user": "root", "ssh_port": 22, "groups": [], "variables": {}, "labels": {}}

SPEC: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "address": {"type": "str"},
    "ssh_user": {"type": "str"},
    "ssh_port": {"type": "int"},
    "ssh_private_key": {"type": "str", "no_log": True},
    "ssh_password": {"type": "str", "no_log": True},
    "groups": {"type": "list", "elements": "str"},
    "variables": {"type": "dict"},
    "secret_variables": {"type": "dict", "no_log": True},
    "labels": {"type": "dict"},
    "description": {"type": "str"},
    "location": {"type": "str"},
    "provider": {"type": "str"},
    "idc": {"type": "str"},
    "max_playbooks": {"type": "int"},
    "max_commands": {"type": "int"},
    "maintenance": {"type": "bool"},
    "maintenance_reason": {"type": "str"},
    "update_secrets": {
        "type": "str",
        "choices": ["on_create", "always"],
        "default": "on_create",
        "no_log": False,
    },
}


def manage(module: FleetModule, client: Client) -> Result:
    """Make the host be as it should."""
    path = "/hosts/" + quote_segment(module.params["name"])
    found = client.find(path)
    if module.params["state"] == "absent":
        return _forget(module, client, path, found)
    body = _read_wanted(module)
    if found is None:
        before, current = None, _create(module, client, body)
    else:
        before, current = found, _update(module, client, path, found, body)
    current = _maintain(module, client, path, current)
    shown = [None if host is None else _show(host) for host in (before, current)]
    changed = bool(shown[0] != shown[1] or _pick_secrets(module, before))
    return {"changed": changed, "host": current, "diff": make_diff(*shown)}


def _forget(module: FleetModule, client: Client, path: str, found: Result | None) -> Result:
    if found and not module.check_mode:
        client.delete(path)
    return {"changed": bool(found), "diff": make_diff(found and _show(found), None)}


def _create(module: FleetModule, client: Client, body: Result) -> Result:
    """Add the host; the limits of how much runs there are no part of the first request."""
    if "address" not in body:
        name = module.params["name"]
        raise OptionError(f"address: '{name}' does not exist yet, say where it is reached.")
    names = ("max_playbooks", "max_commands")
    limits: Result = {name: body.pop(name) for name in names if name in body}
    secrets = _pick_secrets(module, None)
    if module.check_mode:
        sealed = sorted(secrets.get("secret_variables", {}))
        return {"name": module.params["name"], **_NEW, **body, **limits, "secret_variables": sealed}
    created: Result = client.post("/hosts", {"name": module.params["name"], **body, **secrets})
    if any(limits.values()):
        created = client.patch("/hosts/" + quote_segment(created["name"]), limits)
    return created


def _update(module: FleetModule, client: Client, path: str, found: Result, body: Result) -> Result:
    changes = find_changes(found, body)
    secrets = _pick_secrets(module, found)
    if not changes and not secrets:
        return found
    if module.check_mode:
        known = dict.fromkeys(found["secret_variables"], 0)
        sealed = {**known, **secrets.get("secret_variables", {})}
        changes["secret_variables"] = sorted(k for k, v in sealed.items() if v is not None)
        return {**found, **changes}
    # Whoever changes the host at the same moment is not overwritten.
    changes.update(secrets, revision=found["revision"])
    return t.cast(Result, client.patch(path, changes))


def _maintain(module: FleetModule, client: Client, path: str, host: Result) -> Result:
    """Begin or end the maintenance, or change why it is."""
    enabled, reason = module.params["maintenance"], module.params["maintenance_reason"]
    is_so = bool(host.get("maintenance_since")) == enabled
    if enabled and reason is not None:
        is_so = is_so and host.get("maintenance_reason") == reason
    if enabled is None or is_so:
        return host
    if module.check_mode:
        since = (host.get("maintenance_since") or "now") if enabled else None
        why = reason if enabled else None
        return {**host, "maintenance_since": since, "maintenance_reason": why}
    body = {"enabled": enabled, **({"reason": reason} if enabled else {})}
    return t.cast(Result, client.put(path + "/maintenance", body))


def _read_wanted(module: FleetModule) -> Result:
    """Return the options as the control plane would answer them."""
    wanted = module.pick(*_PLAIN)
    if "groups" in wanted:
        wanted["groups"] = sorted(set(wanted["groups"]))
    if "labels" in wanted:
        wanted["labels"] = {name: str(value) for name, value in wanted["labels"].items()}
    if "address" in wanted:
        wanted["address"] = _normalize_address(wanted["address"])
    for name in {"max_playbooks", "max_commands"} & wanted.keys():
        wanted[name] = wanted[name] or None
    return wanted


def _normalize_address(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address.strip("[]")))
    except ValueError:
        return address


def _pick_secrets(module: FleetModule, found: Result | None) -> Result:
    """Return the secrets that are to be set."""
    keys = module.pick(*_SSH_SECRETS)
    variables = module.params["secret_variables"] or {}
    if found is None:
        variables = {name: value for name, value in variables.items() if value is not None}
    elif module.params["update_secrets"] == "on_create":
        keys = {} if found["has_ssh_credentials"] else keys
        known = set(found["secret_variables"])
        variables = {
            name: value for name, value in variables.items() if (value is None) == (name in known)
        }
    return {**keys, **({"secret_variables": variables} if variables else {})}


def _show(host: Result) -> Result:
    """Return what of a host can be compared and shown."""
    names = ("name", *_PLAIN, "secret_variables", "maintenance_since", "maintenance_reason")
    return {name: host[name] for name in names if host.get(name) not in (None, "", [], {})}


def main() -> None:
    """Run the module."""
    FleetModule(SPEC).carry_out(manage)


if __name__ == "__main__":
    main()
