# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can be run, and which variables does it take?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: template_info
short_description: Tell what a MyX control plane can run
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Lists the playbooks of the content, or shows one with the variables that it takes.
extends_documentation_fragment:
  - myx.fleet.api
  - myx.fleet.attributes
  - myx.fleet.attributes.info
attributes:
  action_group: {}
options:
  name:
    description: Only the template of this name, with its arguments; no template is no error.
    type: str
  search:
    description: Only templates with this text in their name, title or description.
    type: str
seealso:
  - module: myx.fleet.run
"""

EXAMPLES = r"""
- name: See which variables a playbook needs
  myx.fleet.template_info:
    name: deploy_caddy
  register: found

- name: Show them
  ansible.builtin.debug:
    msg: "{{ found.templates[0].arguments | selectattr('required') | map(attribute='name') }}"
"""

RETURN = r"""
templates:
  description: The templates.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: What runs may call it.
      returned: success
      type: str
      sample: deploy_caddy
    playbook:
      description: Path below the content folder, or full name in a collection.
      returned: success
      type: str
      sample: playbooks/deploy_caddy.yml
    title:
      description: What it does, in one line.
      returned: success
      type: str
    error:
      description: Why it cannot be read; null where it can.
      returned: success
      type: str
    arguments:
      description: The variables that it takes, as role argument specs describe them.
      returned: with O(name)
      type: list
      elements: dict
    arguments_schema:
      description: JSON Schema of the variables of a run.
      returned: with O(name)
      type: dict
    surveys:
      description: Forms for the arguments, as AWX and Semaphore have them.
      returned: with O(name)
      type: dict
"""

from ansible_collections.myx.fleet.plugins.module_utils._client import Client, quote_segment
from ansible_collections.myx.fleet.plugins.module_utils._module import FleetModule, Result

SPEC = {"name": {"type": "str"}, "search": {"type": "str"}}


def tell(module: FleetModule, client: Client) -> Result:
    """Return one template with its arguments, or many without."""
    name = module.params["name"]
    if name is not None:
        found = client.find("/templates/" + quote_segment(name))
        return {"changed": False, "templates": [found] if found else []}
    templates = client.list_all("/templates", search=module.params["search"])
    return {"changed": False, "templates": templates}


def main() -> None:
    """Run the module."""
    FleetModule(SPEC, mutually_exclusive=[("name", "search")]).carry_out(tell)


if __name__ == "__main__":
    main()
