# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is a schedule as it should be, and what is done about it?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: schedule
short_description: Manage a schedule of a MyX control plane
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Adds, changes, pauses and removes what is run at certain times.
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
  cron:
    description: Minute, hour, day of month, month and day of week, as V(30 2 * * MON-FRI).
    type: str
  at:
    description: Once, at this time with its offset, as V(2027-01-31T02:30:00+01:00).
    type: str
  timezone:
    description: Of the IANA database, for O(cron); V(UTC) for a new schedule.
    type: str
  missed:
    description:
      - What becomes of times at which no control plane was there. V(run_once) catches up with one
        run within O(grace), V(skip) does not.
    type: str
    choices: [skip, run_once]
  grace:
    description: Seconds after which it is too late to catch up.
    type: float
  overlap:
    description: V(skip) starts nothing while the last run goes on, V(allow) starts the next one.
    type: str
    choices: [skip, allow]
  paused:
    description: Whether it starts nothing until it is resumed.
    type: bool
"""

EXAMPLES = r"""
- name: Deploy every night, on all hosts in three waves
  myx.fleet.schedule:
    name: nightly
    cron: 30 2 * * *
    timezone: Europe/Berlin
    run:
      playbook: playbooks/site.yml
      rollout:
        waves: [1, 10%, 100%]

- name: Start nothing for now
  myx.fleet.schedule:
    name: nightly
    paused: true
"""

RETURN = r"""
schedule:
  description: The schedule as it is now; in check mode as it would be.
  returned: O(state=present)
  type: dict
  contains:
    id:
      description: Its number.
      returned: outside check mode
      type: int
    next_at:
      description: When it is due next; null while it is paused, or at its end.
      returned: outside check mode
      type: str
    last_run_id:
      description: The last run that it started.
      returned: outside check mode
      type: int
    run:
      description: What it runs, without what may be secret.
      returned: success
      type: dict
"""

from datetime import datetime

from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._module import FleetModule, Result
from ansible_collections.myx.fleet.plugins.module_utils._triggers import (
    TRIGGER_SPEC,
    manage_trigger,
)

SPEC = {
    **TRIGGER_SPEC,
    "cron": {"type": "str"},
    "at": {"type": "str"},
    "timezone": {"type": "str"},
    "missed": {"type": "str", "choices": ["skip", "run_once"]},
    "grace": {"type": "float"},
    "overlap": {"type": "str", "choices": ["skip", "allow"]},
    "paused": {"type": "bool"},
}


def manage(module: FleetModule, client: Client) -> Result:
    """Make the schedule be as it should."""
    wanted = module.pick("cron", "timezone", "missed", "overlap")
    if module.params["at"] is not None:
        wanted["at"] = module.params["at"]
    if module.params["grace"] is not None:
        wanted["grace_s"] = module.params["grace"]
    found = client.find_by_name("/schedules", module.params["name"])
    if found and _is_same_time(found["at"], wanted.get("at")):
        wanted["at"] = found["at"]
    _found, result = manage_trigger(module, client, "/schedules", "schedule", wanted)
    return _pause(module, client, result) if "schedule" in result else result


def _is_same_time(kept: str | None, wanted: str | None) -> bool:
    """Say whether two texts mean the same moment; what is none is the control plane's to refuse."""
    try:
        return bool(kept and wanted) and _parse(str(kept)) == _parse(str(wanted))
    except (TypeError, ValueError):
        return False


def _parse(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _pause(module: FleetModule, client: Client, result: Result) -> Result:
    """Pause or resume the schedule."""
    schedule, paused = result["schedule"], module.params["paused"]
    is_paused = bool(schedule.get("paused_at"))
    if paused is None or paused == is_paused:
        return result
    result["changed"] = True
    result["diff"]["before"]["paused"] = is_paused
    result["diff"]["after"]["paused"] = paused
    if module.check_mode:
        result["schedule"] = {**schedule, "paused_at": "now" if paused else None}
    else:
        verb = "pause" if paused else "resume"
        result["schedule"] = client.post(f"/schedules/{schedule['id']}/{verb}")
    return result


def main() -> None:
    """Run the module."""
    FleetModule(SPEC, mutually_exclusive=[("cron", "at")]).carry_out(manage)


if __name__ == "__main__":
    main()
