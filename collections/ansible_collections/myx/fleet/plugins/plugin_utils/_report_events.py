# SPDX-License-Identifier: GPL-3.0-or-later
"""How does what happens in a playbook become events in ansible-runner's form?

The form is that of the events that MyX's agents store: ``counter, event, uuid, parent_uuid``,
``created, stdout, start_line, end_line, event_data``. What ``no_log`` hides, Ansible has hidden
before it calls a callback; arguments of tasks are left out.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import typing as t
import uuid

from ansible.parsing.ajson import AnsibleJSONEncoder

Json = t.Dict[str, t.Any]

MAX_STDOUT_CHARS = 64 * 1024
"""An event repeats at most this much of the output; the log has all of it."""

MAX_EVENT_CHARS = 512 * 1024
"""Of an event that is longer, what the module returned is left out."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Return a text that JSON and databases can hold: without NUL and halves of characters."""
    return _UNSTORABLE.sub("\ufffd", text)


class _Encoder(AnsibleJSONEncoder):  # type: ignore[misc]
    """Writes what JSON does not know as text: an odd result must not cost the event."""

    def default(self, o: t.Any) -> t.Any:
        try:
            return super().default(o)
        except TypeError:
            return str(o)


class EventMaker:
    """Makes the events of one playbook."""

    def __init__(self, playbook: str) -> None:
        self._counter = 0
        self._lines = 0
        self._playbook: Json = {"playbook": playbook, "playbook_uuid": str(uuid.uuid4())}
        self._play: Json = {}
        self._task: Json = {}
        self._started: dict[tuple[str, str], dt.datetime] = {}

    def set_play(self, play: t.Any) -> Json:
        """Note which play goes on, and return what its event says."""
        hosts = play.hosts if isinstance(play.hosts, str) else ",".join(map(str, play.hosts))
        name = str(play.get_name()).strip() or hosts
        self._play = {"play": name, "play_uuid": str(play._uuid), "play_pattern": hosts}
        self._task = {}
        return {"name": name, "pattern": hosts, "uuid": str(play._uuid)}

    def set_task(self, task: t.Any) -> None:
        """Note which task goes on."""
        self._task = describe_task(task)

    def start_host(self, host: str, task: t.Any) -> Json:
        """Note that a task begins on a host, and return what its event says."""
        self._started[host, str(task._uuid)] = _now()
        return dict(describe_task(task), host=host)

    def describe_result(self, result: t.Any, *, ended: bool = True) -> Json:
        """Return what the event of a result says."""
        host, task = result._host, result._task
        data = dict(describe_task(task), host=str(host.get_name()), remote_addr=str(host.address))
        data["res"] = _pick_result(result._result)
        key = (data["host"], data["task_uuid"])
        began = self._started.pop(key, None) if ended else None
        if began is not None:
            now = _now()
            data.update(start=began.isoformat(), end=now.isoformat())
            data["duration"] = (now - began).total_seconds()
        return data

    def make(self, event: str, data: Json, stdout: str) -> Json:
        """Make the next event; ``stdout`` is what was printed for it."""
        self._counter += 1
        start, self._lines = self._lines, self._lines + stdout.count("\n")
        own = data.pop("uuid", None) or str(uuid.uuid4())
        known = dict(self._playbook, **self._play)
        known.update(self._task)
        known.update(data)
        parents = (known.get(key) for key in ("task_uuid", "play_uuid", "playbook_uuid"))
        made = {
            "uuid": own,
            "counter": self._counter,
            "stdout": stdout[:MAX_STDOUT_CHARS],
            "start_line": start,
            "end_line": self._lines,
            "event": event,
            "pid": os.getpid(),
            "created": _now().isoformat(),
            "parent_uuid": next((parent for parent in parents if parent and parent != own), None),
            "event_data": known,
        }
        return _to_plain(made)


def describe_task(task: t.Any) -> Json:
    """Return what an event says of its task."""
    told: Json = {
        "task": str(task.name or task.action),
        "task_uuid": str(task._uuid),
        "task_action": str(task.action),
        "resolved_action": str(getattr(task, "resolved_action", None) or task.action),
        "task_args": "",
    }
    path = task.get_path()
    if path:
        told["task_path"] = str(path)
    if task._role:
        told["role"] = str(task._role.get_name())
    return told


def _pick_result(result: t.Any) -> Json:
    """Return what a module answered, without the environment, where secrets are kept."""
    picked = dict(result)
    if isinstance(picked.get("ansible_facts"), dict) and "ansible_env" in picked["ansible_facts"]:
        facts = dict(picked["ansible_facts"])
        del facts["ansible_env"]
        picked["ansible_facts"] = facts
    return picked


def _to_plain(event: Json) -> Json:
    """Return an event as plain JSON that any reader takes."""
    text = json.dumps(event, cls=_Encoder)
    if len(text) > MAX_EVENT_CHARS:
        event["event_data"]["res"] = {}
        text = json.dumps(event, cls=_Encoder)
    plain: Json = json.loads(text, parse_constant=str)
    if not _is_clean(text):
        plain = _clean_all(plain)
    return plain


def _is_clean(text: str) -> bool:
    """Say whether escaped JSON has nothing that cannot be stored."""
    return "\\u0000" not in text and "\\ud" not in text


def _clean_all(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): _clean_all(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean_all(inner) for inner in value]
    return value


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
