# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is a webhook as it should be, and what is done about it?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: webhook
short_description: Manage a webhook of a MyX control plane
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Adds, changes and removes what is run when somebody else's program delivers something.
  - The secret of a new webhook is told once, by the task that makes it; use C(no_log) there.
extends_documentation_fragment:
  - myx.fleet.api
  - myx.fleet.attributes
  - myx.fleet.trigger
attributes:
  action_group: {}
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - With O(update_run=always) it is changed each time.
options:
  scheme:
    description: How deliveries are signed; V(myx) for a new one. It cannot be changed.
    type: str
    choices: [myx, github, gitlab]
  matchers:
    description:
      - What must hold of a delivery, all of it. Each has a C(pointer) into the body or a C(header),
        and one of C(equals), C(matches) and C(exists).
    type: list
    elements: dict
  variables:
    description:
      - Variables that values of the payload become. Each has a C(name) and a C(pointer), and may
        have a C(type), C(required) and C(default).
    type: list
    elements: dict
  enabled:
    description: Whether deliveries start something; V(true) for a new one.
    type: bool
"""

EXAMPLES = r"""
- name: Deploy what is pushed to the main branch
  myx.fleet.webhook:
    name: push
    scheme: github
    matchers:
      - pointer: /ref
        equals: refs/heads/main
    variables:
      - name: commit
        pointer: /after
    run:
      playbook: playbooks/site.yml
      limit: staging
  register: made
  no_log: true
"""

RETURN = r"""
webhook:
  description: The webhook as it is now; in check mode as it would be.
  returned: O(state=present)
  type: dict
  contains:
    id:
      description: Its number.
      returned: outside check mode
      type: int
    path:
      description: Where deliveries are sent, with POST.
      returned: outside check mode
      type: str
    run:
      description: What it runs, without what may be secret.
      returned: success
      type: dict
secret:
  description: What deliveries are signed with, told only here and now.
  returned: when a webhook was made, outside check mode
  type: str
"""

from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._module import FleetModule, Result
from ansible_collections.myx.fleet.plugins.module_utils._triggers import (
    TRIGGER_SPEC,
    manage_trigger,
)

_MATCHER = {"pointer": None, "header": None, "equals": None, "matches": None, "exists": None}
_VARIABLE = {"type": "string", "required": False, "default": None}

SPEC = {
    **TRIGGER_SPEC,
    "scheme": {"type": "str", "choices": ["myx", "github", "gitlab"]},
    "matchers": {"type": "list", "elements": "dict"},
    "variables": {"type": "list", "elements": "dict"},
    "enabled": {"type": "bool"},
}


def manage(module: FleetModule, client: Client) -> Result:
    """Make the webhook be as it should."""
    wanted = module.pick("scheme")
    if module.params["matchers"] is not None:
        wanted["matchers"] = [{**_MATCHER, **one} for one in module.params["matchers"]]
    if module.params["variables"] is not None:
        wanted["variables"] = [{**_VARIABLE, **one} for one in module.params["variables"]]
    if module.params["enabled"] is not None:
        wanted["is_enabled"] = module.params["enabled"]
    found = client.find_by_name("/webhooks", module.params["name"])
    if found and "scheme" in wanted and module.params["state"] == "present":
        _check_scheme(found, wanted.pop("scheme"))
    _found, result = manage_trigger(module, client, "/webhooks", "webhook", wanted)
    if "secret" in result.get("webhook", {}):
        result["secret"] = result["webhook"].pop("secret")
    return result


def _check_scheme(found: Result, scheme: str) -> None:
    if found["scheme"] != scheme:
        raise OptionError(
            f"scheme: '{found['name']}' has '{found['scheme']}', which cannot be changed. Remove "
            "it with 'state: absent' and make a new one."
        )


def main() -> None:
    """Run the module."""
    FleetModule(SPEC).carry_out(manage)


if __name__ == "__main__":
    main()
