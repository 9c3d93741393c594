# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which runs does the control plane remember, and how did one go on each host?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_info
short_description: Tell what a MyX control plane knows of its runs
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Lists runs, newest first, or shows one with what it did on each host.
extends_documentation_fragment:
  - myx.fleet.api
  - myx.fleet.attributes
  - myx.fleet.attributes.info
attributes:
  action_group: {}
options:
  run_id:
    description: Only this run, with its executions.
    type: int
  status:
    description: Only runs in this state.
    type: str
    choices: [pending, running, successful, failed, canceled, timed_out, lost]
  kind:
    description: Only runs of this kind.
    type: str
    choices: [playbook, command, script, install, uninstall, reported]
  host:
    description: Only runs that went to this host.
    type: str
  search:
    description: Only runs with this text in their name.
    type: str
  max_runs:
    description: The most runs to list.
    type: int
    default: 100
seealso:
  - module: myx.fleet.run
"""

EXAMPLES = r"""
- name: Look at what failed lately
  myx.fleet.run_info:
    status: failed
    max_runs: 10
  register: failed

- name: See on which hosts the last one failed, and why
  myx.fleet.run_info:
    run_id: "{{ failed.runs[0].id }}"
  register: last
  when: failed.runs | length > 0
"""

RETURN = r"""
runs:
  description: The runs, newest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The run's number.
      returned: success
      type: int
      sample: 17
    name:
      description: Playbook, command line or script.
      returned: success
      type: str
      sample: playbooks/demo.yml
    status:
      description: Its state.
      returned: success
      type: str
      sample: successful
    reason:
      description: Why it ended so; null where it has not ended.
      returned: success
      type: str
    counts:
      description: Number of hosts in each state.
      returned: success
      type: dict
      sample: {successful: 2}
executions:
  description: What the run did on each host.
  returned: with O(run_id)
  type: list
  elements: dict
  contains:
    host:
      description: The host's name.
      returned: success
      type: str
    status:
      description: The state there.
      returned: success
      type: str
    reason:
      description: Why it ended so.
      returned: success
      type: str
    return_code:
      description: The program's exit code.
      returned: success
      type: int
    recap:
      description: What C(ansible-playbook) counts at its end; null for commands.
      returned: success
      type: dict
"""

import itertools

from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._module import FleetModule, Result

_FILTERS = ("status", "kind", "host", "search")

SPEC = {
    "run_id": {"type": "int"},
    "status": {
        "type": "str",
        "choices": [
            *("pending", "running", "successful", "failed", "canceled", "timed_out", "lost")
        ],
    },
    "kind": {
        "type": "str",
        "choices": ["playbook", "command", "script", "install", "uninstall", "reported"],
    },
    "host": {"type": "str"},
    "search": {"type": "str"},
    "max_runs": {"type": "int", "default": 100},
}


def tell(module: FleetModule, client: Client) -> Result:
    """Return one run with its executions, or many without."""
    run_id = module.params["run_id"]
    if run_id is not None:
        run = client.get(f"/runs/{run_id}")
        executions = client.list_all(f"/runs/{run_id}/executions")
        return {"changed": False, "runs": [run], "executions": executions}
    rows = client.iterate("/runs", **{name: module.params[name] for name in _FILTERS})
    return {"changed": False, "runs": list(itertools.islice(rows, module.params["max_runs"]))}


def main() -> None:
    """Run the module."""
    rules = [("run_id", other) for other in _FILTERS]
    FleetModule(SPEC, mutually_exclusive=rules).carry_out(tell)


if __name__ == "__main__":
    main()
