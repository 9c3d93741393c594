# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of an event? JSON of a stated version, and a sentence for chat programs."""

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from api.notifications.schemas import Event

VERSION = 1
"""Grows when a field is taken away or means something else; new fields leave it."""

MAX_HOSTS = 100
"""Hosts in one delivery."""

SHOWN_HOSTS = 10
"""Hosts that the sentence names."""

_RUN_FIELDS = (
    "id", "kind", "status", "reason_code", "reason", "limit", "check", "created_by", "created_at",
    "started_at", "finished_at", "retry_of", "hosts_total", "counts",
)  # fmt: skip

_WORDS: Mapping[str, str] = {
    "run_started": "started",
    "run_successful": "was successful",
    "run_failed": "failed",
    "run_canceled": "was canceled",
    "host_offline": "offline",
    "host_online": "online again",
}

_CALLS = str.maketrans({"<": "\u2039", ">": "\u203a", "@": "\uff20"})
"""In chats ``<!channel>`` and ``@all`` call everybody; names of playbooks may not."""


def pick_run(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of a run: of a command its program, since its words may be secret."""
    name = run["name"]
    if run["kind"] == "command":
        name = _get_program(name)
    return {"name": name, **{field: run[field] for field in _RUN_FIELDS}}


def build_body(
    event: Event | Literal["test"],
    at: datetime,
    delivery_key: str,
    notification: Mapping[str, Any],
    **about: Any,
) -> str:
    """Build the body of a delivery; ``about`` is its ``run`` or its ``hosts``."""
    payload = {
        "version": VERSION,
        "event": event,
        "at": at.isoformat(),
        "delivery": delivery_key,
        "notification": dict(notification),
        "text": _tell(event, about).translate(_CALLS),
        **about,
    }
    return json.dumps(payload)


def _tell(event: str, about: Mapping[str, Any]) -> str:
    if "run" in about:
        return _tell_run(event, about["run"])
    if "hosts" in about:
        return _tell_hosts(event, [host["name"] for host in about["hosts"]])
    return "A test of MyX: this is what a notification looks like."


def _tell_run(event: str, run: Mapping[str, Any]) -> str:
    sentence = f"Run {run['id']}, {run['name']} by {run['created_by']}, {_WORDS[event]}"
    if event == "run_started" or not run["reason"]:
        return f"{sentence}."
    return f"{sentence}: {run['reason']}"


def _tell_hosts(event: str, names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN_HOSTS])
    more = f" and {len(names) - SHOWN_HOSTS} more" if len(names) > SHOWN_HOSTS else ""
    if len(names) == 1:
        return f"The host {shown} is {_WORDS[event]}."
    return f"{len(names)} hosts are {_WORDS[event]}: {shown}{more}."


def _get_program(words: str) -> str:
    try:
        return shlex.split(words)[0]
    except (ValueError, IndexError):  # it was cut
        return words.split(" ", 1)[0].lstrip("'\"")
