# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the run that a schedule or webhook keeps the one that is wanted?

The control plane keeps it sealed and tells of it what cannot be secret: not the values of
variables, not the arguments of a command, not the content of a script.
"""

from __future__ import annotations

import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError

Json = t.Dict[str, t.Any]

_KINDS = ("playbook", "command", "script")
_NOT_TOLD = frozenset(("kind", *_KINDS, "limit", "extra_vars", "args"))
_ROLLOUT_DEFAULTS = {
    "order": "inventory",
    "wave_pause_s": 0,
    "priority": 0,
    "offline": "fail",
    "maintenance": "skip",
    "ttl_s": 3600,
}
"""What the control plane leaves out when it tells of a run."""

_TEXTS = ("waves", "max_failures", "max_failures_per_wave")


def read_run(run: t.Mapping[str, t.Any] | None) -> Json | None:
    """Return the body of a run, with its kind.

    Raises:
        OptionError: it names no kind of run, or several.
    """
    if run is None:
        return None
    found = [kind for kind in _KINDS if run.get(kind) is not None]
    if len(found) != 1:
        raise OptionError("run: name one of 'playbook', 'command' and 'script'.")
    return {**run, "kind": found[0]}


def describe_run(run: t.Mapping[str, t.Any]) -> Json:
    """Describe a run as the control plane tells of one that it keeps."""
    kind = run["kind"]
    subject = run[kind]
    name = {"command": lambda: subject[0], "script": lambda: subject["name"]}.get(kind)
    options = {key: value for key, value in run.items() if key not in _NOT_TOLD and value}
    rollout = _describe_rollout(options.pop("rollout", {}))
    if rollout:
        options["rollout"] = rollout
    return {
        "kind": kind,
        "name": name() if name else subject,
        "limit": run.get("limit"),
        "variables": sorted(run.get("extra_vars") or {}),
        "options": options,
    }


def _describe_rollout(rollout: t.Mapping[str, t.Any]) -> Json:
    told: Json = {
        key: value
        for key, value in rollout.items()
        if value not in (None, []) and value != _ROLLOUT_DEFAULTS.get(key)
    }
    for key in _TEXTS:
        if key in told:
            value = told[key]
            told[key] = [str(one) for one in value] if isinstance(value, list) else str(value)
    return told
