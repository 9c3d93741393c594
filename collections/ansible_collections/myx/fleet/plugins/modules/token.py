# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is there an API token of a name, and is one made or revoked?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: token
short_description: Manage API tokens of a MyX control plane
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Makes and revokes API tokens. A token is told once, by the task that makes it; use C(no_log)
    there.
  - A token cannot be changed. Where one of the name has other rights, it is told what to do.
extends_documentation_fragment:
  - myx.fleet.api
  - myx.fleet.attributes
attributes:
  action_group: {}
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - With O(state=renewed) a token is made each time.
options:
  name:
    description: What the token is for. Of a user, tokens are told apart by it here.
    type: str
    required: true
  state:
    description:
      - V(present) makes a token unless there is a valid one.
      - V(renewed) makes a token, then revokes the other ones of this name.
      - V(absent) revokes those of this name.
    type: str
    choices: [present, renewed, absent]
    default: present
  user:
    description: Whose token it is; that of who asks where it is left out. Admins may name others.
    type: str
  is_own:
    description: Whether it belongs to no user but to the program that shows it. Admins only.
    type: bool
    default: false
  grants:
    description: What it may, never more than its user; all of that where left out.
    type: list
    elements: dict
    suboptions:
      role:
        description: The role.
        type: str
        required: true
        choices: [viewer, operator, admin]
      groups:
        description: Only hosts of these groups.
        type: list
        elements: str
      templates:
        description:
          - Only these playbooks; V(@command), V(@script), V(@install) and V(@uninstall) stand for
            what is none.
        type: list
        elements: str
  expires_at:
    description: Until when it is valid, as C(2027-01-31T00:00:00Z); for ever where left out.
    type: str
"""

EXAMPLES = r"""
- name: Make a token for AWX that may run two playbooks on the web servers
  myx.fleet.token:
    name: awx
    is_own: true
    grants:
      - role: operator
        groups: [web]
        templates: [playbooks/site.yml, playbooks/demo.yml]
  register: made
  no_log: true

- name: Keep it where it is needed, if it was made just now
  ansible.builtin.copy:
    content: "{{ made.token }}"
    dest: /etc/awx/myx-token
    mode: "0600"
  when: made.token is defined
"""

RETURN = r"""
token:
  description: The token itself, told only here and now.
  returned: when one was made, outside check mode
  type: str
info:
  description: What is known of the token.
  returned: O(state=present) or O(state=renewed)
  type: dict
  contains:
    id:
      description: Its number.
      returned: outside check mode
      type: int
    prefix:
      description: How it begins.
      returned: outside check mode
      type: str
    expires_at:
      description: Until when it is valid; null for ever.
      returned: success
      type: str
revoked:
  description: Numbers of the tokens that were revoked.
  returned: success
  type: list
  elements: int
"""

import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._module import (
    FleetModule,
    Result,
    make_diff,
)

SPEC: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "renewed", "absent"], "default": "present"},
    "user": {"type": "str"},
    "is_own": {"type": "bool", "default": False},
    "grants": {
        "type": "list",
        "elements": "dict",
        "options": {
            "role": {"type": "str", "required": True, "choices": ["viewer", "operator", "admin"]},
            "groups": {"type": "list", "elements": "str"},
            "templates": {"type": "list", "elements": "str"},
        },
    },
    "expires_at": {"type": "str"},
}


def manage(module: FleetModule, client: Client) -> Result:
    """Make or revoke tokens."""
    state = module.params["state"]
    found = _find(module, client)
    if state == "present" and found:
        _check_rights(module, found[0])
        return {"changed": False, "info": found[0], "revoked": [], "diff": make_diff({}, {})}
    result: Result = {"changed": True, "revoked": []}
    if state != "absent":
        result.update(_make(module, client))
    # The new one is there before the old ones go.
    for token in found:
        if not module.check_mode:
            client.delete(f"/tokens/{token['id']}")
        result["revoked"].append(token["id"])
    result["changed"] = state != "absent" or bool(found)
    before = {"tokens": [_show(token) for token in found]}
    after = {"tokens": [_show(result["info"])] if "info" in result else []}
    return {**result, "diff": make_diff(before, after)}


def _find(module: FleetModule, client: Client) -> list[Result]:
    """Return the valid tokens of this name and user, newest first."""
    wanted = module.params["name"], _read_user(module, client)
    tokens = client.list_all("/tokens", is_valid=True)
    return [token for token in tokens if (token["name"], token["user"]) == wanted]


def _read_user(module: FleetModule, client: Client) -> str | None:
    """Return whose token it is; None for a program's own, which that of the first start is too."""
    if module.params["is_own"]:
        return None
    if module.params["user"] is not None:
        return t.cast(str, module.params["user"])
    account = client.get("/account")
    return None if account["credential"] == "admin_token" else t.cast(str, account["name"])


def _make(module: FleetModule, client: Client) -> Result:
    body = module.pick("name", "user", "expires_at")
    body["is_own"] = module.params["is_own"]
    if module.params["grants"] is not None:
        body["grants"] = [_drop_unset(grant) for grant in module.params["grants"]]
    if module.check_mode:
        return {"info": {"grants": None, "expires_at": None, **body}}
    made = client.post("/tokens", body)
    return {"token": made.pop("token"), "info": made}


def _check_rights(module: FleetModule, token: Result) -> None:
    """Refuse to say that all is well where the token may something else."""
    wanted = module.params["grants"]
    if wanted is None:
        return
    current = [_drop_unset(grant) for grant in token["grants"] or []]
    if sorted(map(_sort_key, current)) != sorted(map(_sort_key, map(_drop_unset, wanted))):
        raise OptionError(
            f"grants: token {token['id']} '{token['name']}' may something else, and a token cannot "
            "be changed. Make a new one with 'state: renewed'."
        )


def _drop_unset(grant: Result) -> Result:
    return {name: value for name, value in grant.items() if value is not None}


def _sort_key(grant: Result) -> str:
    return repr([(name, sorted(grant[name])) for name in sorted(grant) if name != "role"]) + str(
        grant["role"]
    )


def _show(token: Result) -> Result:
    return {name: token.get(name) for name in ("id", "name", "user", "grants", "expires_at")}


def main() -> None:
    """Run the module."""
    rules = [("user", "is_own")]
    FleetModule(SPEC, mutually_exclusive=rules).carry_out(manage)


if __name__ == "__main__":
    main()
