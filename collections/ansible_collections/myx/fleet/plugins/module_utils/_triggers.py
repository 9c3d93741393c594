# SPDX-License-Identifier: GPL-3.0-or-later
"""What do schedules and webhooks have in common? Both are found by name and keep a run."""

from __future__ import annotations

import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._kept_run import describe_run, read_run
from ansible_collections.myx.fleet.plugins.module_utils._module import (
    FleetModule,
    Result,
    find_changes,
    make_diff,
)

TRIGGER_SPEC: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "run": {"type": "dict"},
    "update_run": {"type": "str", "choices": ["on_change", "always"], "default": "on_change"},
}
"""The options of both; the doc fragment ``trigger`` describes them."""


def manage_trigger(
    module: FleetModule, client: Client, path: str, key: str, wanted: Result
) -> tuple[Result | None, Result]:
    """Make a schedule or webhook be as it should.

    Returns:
        What was there, and the result, in which it is ``key`` now.

    Raises:
        FleetError: an option cannot be used, or the control plane refuses.
    """
    found = client.find_by_name(path, module.params["name"])
    if module.params["state"] == "absent":
        if found and not module.check_mode:
            client.delete(f"{path}/{found['id']}")
        return found, {"changed": bool(found), "diff": make_diff(_show(found, wanted), None)}
    run = read_run(module.params["run"])
    told = dict(wanted)
    if run is not None:
        told["run"] = describe_run(run)
    body = {**wanted, "run": run}
    if found is None:
        current = _create(module, client, path, body, told)
        return None, _tell(key, None, current, told, changed=True)
    changes = {name: body[name] for name in find_changes(found, told)}
    if run is not None and module.params["update_run"] == "always":
        changes["run"] = run
    current = {**found, **told} if changes else found
    if changes and not module.check_mode:
        current = client.patch(f"{path}/{found['id']}", changes)
    return found, _tell(key, found, current, told, changed=bool(changes))


def _create(module: FleetModule, client: Client, path: str, body: Result, told: Result) -> Result:
    if body["run"] is None:
        raise OptionError(f"run: '{module.params['name']}' does not exist yet, say what it runs.")
    if module.check_mode:
        return {"name": module.params["name"], **told}
    created: Result = client.post(path, {"name": module.params["name"], **body})
    return created


def _tell(key: str, before: Result | None, after: Result, told: Result, *, changed: bool) -> Result:
    diff = make_diff(_show(before, told), _show(after, told))
    return {"changed": changed, key: after, "diff": diff}


def _show(trigger: Result | None, told: t.Mapping[str, t.Any]) -> Result | None:
    """Return what can be compared."""
    if trigger is None:
        return None
    return {name: trigger.get(name) for name in ("name", "run", *told)}
