# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options do schedules and webhooks share?"""

from __future__ import annotations


class ModuleDocFragment:
    """What is run, and whether it is sent again."""

    DOCUMENTATION = r"""
options:
  name:
    description: Its name, by which it is found.
    type: str
    required: true
  state:
    description:
      - V(present) makes it be as the options say; what they leave out stays.
      - V(absent) removes it. Runs that it started go on.
    type: str
    choices: [present, absent]
    default: present
  run:
    description:
      - What is run, as the body of C(POST /api/v1/runs), with one of C(playbook), C(command) and
        C(script), and for example C(limit), C(labels), C(extra_vars), C(check), C(timeout_s) and
        C(rollout). Required for a new one.
    type: dict
  update_run:
    description:
      - The control plane does not tell values of variables, arguments of commands and scripts.
      - V(on_change) sends O(run) when something else of it differs, V(always) each time.
    type: str
    choices: [on_change, always]
    default: on_change
"""
