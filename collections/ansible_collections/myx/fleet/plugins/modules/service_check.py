# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Do the services of a host work?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_check
short_description: See whether units, ports, URLs and certificates are as they should be
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Looks from the host itself, changes nothing, and tells what it saw of each thing.
  - It does not fail where something is not well; RV(healthy) and RV(problems) say so.
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying
      target.
    support: full
    details:
      - This module changes nothing.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in
      C(check_mode)), when in diff mode.
    support: N/A
    details:
      - This module changes nothing.
options:
  failed_units:
    description: See that no unit of systemd has failed.
    type: bool
    default: false
  ignored_units:
    description: Units that may have failed all the same.
    type: list
    elements: str
    default: []
  units:
    description: Units of systemd.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The unit with its suffix, for example V(caddy.service).
        type: str
        required: true
      state:
        description: The state that it should be in.
        type: str
        choices: [active, inactive, failed]
        default: active
      enabled:
        description: Whether it should be started at boot. Without it both is well.
        type: bool
  ports:
    description: TCP ports.
    type: list
    elements: dict
    default: []
    suboptions:
      port:
        description: The number.
        type: int
        required: true
      address:
        description: The address or name to connect to.
        type: str
        default: 127.0.0.1
      open:
        description: Whether something should listen there.
        type: bool
        default: true
  urls:
    description: What a web server should answer.
    type: list
    elements: dict
    default: []
    suboptions:
      url:
        description: What is asked with C(GET).
        type: str
        required: true
      status:
        description: The statuses that are well.
        type: list
        elements: int
        default: [200]
      contains:
        description: A text that must be in the first MiB of the answer.
        type: str
      headers:
        description: Headers of the request.
        type: dict
      follow_redirects:
        description: Go where the answer sends to.
        type: bool
        default: true
      validate_certs:
        description: Refuse certificates that nobody vouches for.
        type: bool
        default: true
      ca_path:
        description: A PEM file on the host with authorities that are believed too.
        type: path
  certificates:
    description: Certificates that must be valid for a while, in files or as a server shows them.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: A PEM file on the host; its first certificate counts.
        type: path
      address:
        description: A server that speaks TLS, where there is no O(certificates[].path).
        type: str
      port:
        description: Its port.
        type: int
        default: 443
      server_name:
        description: The name that is asked for (SNI). Without it O(certificates[].address).
        type: str
      days_left:
        description: For so many days it must be valid from now on.
        type: int
        default: 14
  timeout_s:
    description: How many seconds one attempt to connect may take.
    type: float
    default: 5
  wait_s:
    description: For so many seconds all checks are tried again until nothing is wrong.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Look at the web server
  myx.fleet.service_check:
    units:
      - name: caddy.service
        enabled: true
    ports:
      - port: 443
    urls:
      - url: https://example.org/
        contains: Welcome
    certificates:
      - address: example.org
        days_left: 21
    wait_s: 30
  register: seen
  failed_when: not seen.healthy
"""

RETURN = r"""
healthy:
  description: Whether nothing is wrong.
  returned: always
  type: bool
problems:
  description: What is wrong, a sentence each.
  returned: always
  type: list
  elements: str
  sample: ["caddy.service is inactive instead of active."]
checks:
  description: What came of each check, in the order of the options.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: V(unit), V(port), V(url) or V(certificate).
      returned: always
      type: str
    name:
      description: What was looked at.
      returned: always
      type: str
      sample: 127.0.0.1:443
    healthy:
      description: Whether it is as it should be.
      returned: always
      type: bool
    problem:
      description: What is wrong; empty where nothing is.
      returned: always
      type: str
    details:
      description:
        - What was seen. Of a unit C(state), C(sub_state), C(enabled) and C(restarts).
        - Of failed units C(failed), their names.
        - Of a port C(open) and C(latency_ms); of a URL C(status) and C(latency_ms).
        - Of a certificate C(expires_at) and C(days_left).
      returned: always
      type: dict
"""

import datetime as dt
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.myx.fleet.plugins.module_utils import _service_checks as checks

PAUSE_S = 1.0

_UNIT = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["active", "inactive", "failed"], "default": "active"},
    "enabled": {"type": "bool"},
}
_PORT = {
    "port": {"type": "int", "required": True},
    "address": {"type": "str", "default": "127.0.0.1"},
    "open": {"type": "bool", "default": True},
}
_URL = {
    "url": {"type": "str", "required": True},
    "status": {"type": "list", "elements": "int", "default": [200]},
    "contains": {"type": "str"},
    "headers": {"type": "dict"},
    "follow_redirects": {"type": "bool", "default": True},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}
_CERTIFICATE = {
    "path": {"type": "path"},
    "address": {"type": "str"},
    "port": {"type": "int", "default": 443},
    "server_name": {"type": "str"},
    "days_left": {"type": "int", "default": 14},
}
SPEC = {
    "failed_units": {"type": "bool", "default": False},
    "ignored_units": {"type": "list", "elements": "str", "default": []},
    "units": {"type": "list", "elements": "dict", "default": [], "options": _UNIT},
    "ports": {"type": "list", "elements": "dict", "default": [], "options": _PORT},
    "urls": {"type": "list", "elements": "dict", "default": [], "options": _URL},
    "certificates": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": _CERTIFICATE,
        "required_one_of": [("path", "address")],
        "mutually_exclusive": [("path", "address")],
    },
    "timeout_s": {"type": "float", "default": 5},
    "wait_s": {"type": "int", "default": 0},
}


def look(module: AnsibleModule) -> list[checks.Check]:
    """Do every check once."""
    asked: dict[str, t.Any] = module.params
    timeout_s, now = asked["timeout_s"], dt.datetime.now(dt.timezone.utc)
    seen = []
    if asked["failed_units"]:
        seen.append(checks.check_failed_units(asked["ignored_units"], module.run_command))
    seen += [checks.check_unit(unit, module.run_command) for unit in asked["units"]]
    seen += [checks.check_port(port, timeout_s) for port in asked["ports"]]
    seen += [checks.check_url(url, timeout_s) for url in asked["urls"]]
    seen += [checks.check_certificate(one, timeout_s, now) for one in asked["certificates"]]
    return seen


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    until = time.monotonic() + module.params["wait_s"]
    seen = look(module)
    while any(check.problem for check in seen) and time.monotonic() < until:
        time.sleep(PAUSE_S)
        seen = look(module)
    problems = [check.problem for check in seen if check.problem]
    module.exit_json(
        changed=False,
        healthy=not problems,
        problems=problems,
        checks=[check.as_result() for check in seen],
    )


if __name__ == "__main__":
    main()
