# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Has a host the configuration of Xray that is wanted, with keys that never leave it?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: xray_config
short_description: Write the configuration of Xray, with keys that are made on the host
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Writes the configuration of Xray from a description of its inbounds. Keys that the description
    leaves out are made once on the host and kept there. They are in no result.
  - The role P(myx.fleet.xray#role) uses it.
extends_documentation_fragment:
  - ansible.builtin.files
  - myx.fleet.attributes
  - myx.fleet.xray_inbounds
attributes:
  action_group:
    support: none
    membership: []
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Keys are hidden.
  idempotent:
    support: full
options:
  path:
    description: The configuration. What O(owner), O(group) and O(mode) say is about it.
    type: path
    required: true
  keys_path:
    description: Where keys are kept, readable by root alone.
    type: path
    required: true
  links_path:
    description:
      - Where the links of all clients are written, as JSON and readable by root alone. They hold
        the keys of clients.
    type: path
  address:
    description: The address by which clients reach the host.
    type: str
    required: true
  outbounds:
    description:
      - Where connections go, as Xray's documentation writes them. The first is for all that no rule
        names. Empty is C(direct) and C(block).
    type: list
    elements: dict
    default: []
  routing:
    description: The rules, as Xray's documentation writes them.
    type: dict
    default: {}
  block_private:
    description:
      - Whether clients are kept from private addresses, by a rule behind those of O(routing) that
        leads to the outbound C(block).
    type: bool
    default: true
  log_level:
    description: What is logged.
    type: str
    choices: [debug, info, warning, error, none]
    default: warning
  access_log:
    description: Whether each connection is logged, with its client and where it goes.
    type: bool
    default: false
  extra:
    description:
      - Configuration in Xray's own words that is merged into the rest. Entries of lists with a
        C(tag) that is there are merged with it, others are added.
    type: dict
    default: {}
  validate:
    description: The command that tests a configuration before it is written; C(%s) is its file.
    type: str
"""

EXAMPLES = r"""
- name: Write the configuration of a server that looks like another site
  myx.fleet.xray_config:
    path: /etc/xray/config.json
    keys_path: /etc/xray/keys.json
    links_path: /etc/xray/links.json
    address: vpn.example.org
    validate: xray run -test -format json -config %s
    owner: root
    group: xray
    mode: "0640"
    inbounds:
      - tag: main
        protocol: vless
        port: 443
        security: reality
        target: www.example.com:443
        server_names: [www.example.com]
        clients:
          - name: alice
"""

RETURN = r"""
public_keys:
  description: Of each inbound with REALITY what clients may know.
  returned: success
  type: list
  elements: dict
  sample:
    - inbound: main
      public_key: hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo
made_keys:
  description: Whether keys were made, given anew or forgotten.
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._xray import inbounds
from ansible_collections.myx.fleet.plugins.module_utils._xray.files import ConfigFiles

SPEC = {
    "path": {"type": "path", "required": True},
    "keys_path": {"type": "path", "required": True, "no_log": False},
    "links_path": {"type": "path"},
    "address": {"type": "str", "required": True},
    "inbounds": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": inbounds.SPEC,
    },
    "outbounds": {"type": "list", "elements": "dict", "default": []},
    "routing": {"type": "dict", "default": {}},
    "block_private": {"type": "bool", "default": True},
    "log_level": {
        "type": "str",
        "choices": ["debug", "info", "warning", "error", "none"],
        "default": "warning",
    },
    "access_log": {"type": "bool", "default": False},
    "extra": {"type": "dict", "default": {}},
    "validate": {"type": "str"},
}


def main() -> None:
    """Write the configuration, and tell what changed."""
    # What outbounds and more hold may be secret; so neither the journal nor the result has it.
    module = AnsibleModule(SPEC, supports_check_mode=True, add_file_common_args=True, no_log=True)
    files = ConfigFiles(module)
    try:
        result = files.write()
    except OptionError as error:
        module.fail_json(msg=str(error), invocation=files.shown_options)
    else:
        module.exit_json(**result, invocation=files.shown_options)


if __name__ == "__main__":
    main()
