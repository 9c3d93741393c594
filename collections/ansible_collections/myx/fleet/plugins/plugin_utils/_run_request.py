# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the options of ``myx.fleet.run`` ask the control plane for?"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._settings import CONNECTION_SPEC

Json = t.Dict[str, t.Any]

_LIST = {"type": "list", "elements": "str", "default": []}
_NO = {"type": "bool", "default": False}
_YES = {"type": "bool", "default": True}

SPEC: dict[str, Json] = {
    **CONNECTION_SPEC,
    "playbook": {"type": "str"},
    "command": {"type": "list", "elements": "str"},
    "script": {"type": "str"},
    "args": _LIST,
    "limit": {"type": "str"},
    "labels": _LIST,
    "states": {**_LIST, "choices": ["not_installed", "online", "offline", "failed"]},
    "extra_vars": {"type": "dict", "default": {}},
    "bundle_digest": {"type": "str"},
    "check": _NO,
    "diff": _NO,
    "tags": _LIST,
    "skip_tags": _LIST,
    "verbosity": {"type": "int", "default": 0},
    "accept_differences": _NO,
    "user": {"type": "str"},
    "timeout": {"type": "float"},
    "rollout": {"type": "dict", "default": {}},
    "wait": _YES,
    "wait_timeout": {"type": "float"},
    "cancel_on_timeout": _YES,
    "cancel_on_interrupt": _YES,
    "stream": _YES,
    "idempotency_key": {"type": "str", "no_log": False},
}

_SHARED = ("limit", "labels", "states", "rollout")
_OF_KIND = {
    "playbook": (
        *("playbook", "extra_vars", "bundle_digest", "check", "diff", "tags", "skip_tags"),
        *("verbosity", "accept_differences"),
    ),
    "command": ("command", "user"),
    "script": ("args", "user"),
}


def build_body(options: t.Mapping[str, t.Any]) -> Json:
    """Build the body of ``POST /runs``.

    Raises:
        OptionError: an option belongs to another kind of run, or a limit is empty.
    """
    kind = next(name for name in _OF_KIND if options[name] is not None)
    own = {*_OF_KIND[kind], kind}
    for other in {name for names in _OF_KIND.values() for name in names} - own:
        if options[other]:
            raise OptionError(f"{other}: a run of kind '{kind}' has none. Leave it out.")
    if options["limit"] is not None and not options["limit"].strip():
        raise OptionError("limit: is empty. Leave it out where all hosts are meant.")
    names = [*_SHARED, *_OF_KIND[kind]]
    body = {name: options[name] for name in names if options[name]}
    body["kind"] = kind
    if kind == "script":
        body["script"] = {"name": "script", "content": options["script"]}
    if options["timeout"] is not None:
        body["timeout_s"] = options["timeout"]
    return body


def make_key(
    task_vars: t.Mapping[str, t.Any], task_path: str, body: Json, folder: str
) -> str | None:
    """Make a key of the job of AWX or Semaphore that this is part of; None where there is none.

    Another task, host and body are another run, and so is the same once more: in a loop, when
    tried again, or where a file of tasks is included twice.

    Args:
        task_vars: the variables of the task.
        task_path: where the task is written down.
        body: what is asked for.
        folder: where this ``ansible-playbook`` keeps scratch files.
    """
    job = find_job(task_vars)
    if job is None:
        return None
    of = [task_path, task_vars.get("inventory_hostname"), body]
    digest = hashlib.sha256(json.dumps(of, sort_keys=True, default=str).encode()).hexdigest()[:24]
    return f"{job}-{digest}-{_count(digest, folder)}"


def _count(digest: str, folder: str) -> int:
    """Return which time this is asked for; workers share no more than the folder."""
    mark = os.path.join(folder, f"myx-run-{digest}-")
    return next(number for number in itertools.count(1) if _make(f"{mark}{number}"))


def _make(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True


def find_job(task_vars: t.Mapping[str, t.Any]) -> str | None:
    """Return what AWX or Semaphore call the job in which this runs; None elsewhere."""
    for name in ("awx_job_id", "tower_job_id"):
        if task_vars.get(name):
            return f"awx-{task_vars[name]}"
    if os.environ.get("AWX_JOB_ID"):
        return f"awx-{os.environ['AWX_JOB_ID']}"
    details = (task_vars.get("semaphore_vars") or {}).get("task_details") or {}
    number = details.get("id") or os.environ.get("SEMAPHORE_TASK_DETAILS_ID")
    return f"semaphore-{number}" if number else None
