# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a play or task means something else here, and what is to be used instead?

Over SSH one Ansible sees all hosts of a play. Here each host runs the playbook by itself: what
speaks of several hosts at once silently means another thing. Only looked at, never run: what a
template becomes is not known.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_FALSE = frozenset({"false", "no", "off", "0", "n", "f", ""})
_ITSELF = re.compile(r"\{\{\s*(inventory_hostname|ansible_host)\s*\}\}")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_HOSTVARS = re.compile(r"hostvars\s*(\[\s*(?!inventory_hostname\s*\])|\.\s*(?!get\b)\w)")
_PLAY_HOSTS = re.compile(r"\b(ansible_)?play_(hosts|batch|hosts_all)\b")

INSTEAD_OF_SERIAL = "run in waves instead: --waves 1,25%,100%"
INSTEAD_OF_BUDGET = "it holds for each host alone; limit failures with --max-failures"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that means something else here."""

    code: str
    place: str
    message: str
    refused: bool
    """It would silently go wrong; else it is worth a warning."""
    many_hosts_only: bool = False
    """On one host alone it means what it always means."""


def look_at_play(place: str, play: Mapping[str, Any]) -> Iterator[Finding]:
    """Find what of a play's own keywords means something else."""
    if "serial" in play:
        message = f"'serial' does nothing, all hosts begin at once; {INSTEAD_OF_SERIAL}"
        yield Finding("serial", place, message, refused=True, many_hosts_only=True)
    if _is_set(play.get("any_errors_fatal")):
        message = f"'any_errors_fatal' ends no other host; {INSTEAD_OF_BUDGET}"
        yield Finding("any_errors_fatal", place, message, refused=False, many_hosts_only=True)
    if "max_fail_percentage" in play:
        message = f"'max_fail_percentage' knows no other host; {INSTEAD_OF_BUDGET}"
        yield Finding("max_fail_percentage", place, message, refused=False, many_hosts_only=True)
    yield from _look_at_both(place, play)


def look_at_task(place: str, task: Mapping[str, Any]) -> Iterator[Finding]:
    """Find what of a task, or of a block without the tasks in it, means something else."""
    if "local_action" in task:
        yield _on_this_host(place, "'local_action'")
    if "delegate_to" in task:
        yield from _look_at_delegation(place, task["delegate_to"])
    if _is_set(task.get("throttle")):
        message = "'throttle' knows no other host; --forks bounds how many run at once"
        yield Finding("throttle", place, message, refused=False, many_hosts_only=True)
    yield from _look_at_both(place, task)
    text = "\n".join(_list_texts({key: task[key] for key in task if key not in _BLOCKS}))
    if _HOSTVARS.search(text):
        message = (
            "'hostvars' of other hosts are empty: neither their facts nor their variables are "
            "here; pass what is needed as variables of a group or with -e"
        )
        yield Finding("hostvars", place, message, refused=False)
    if _PLAY_HOSTS.search(text):
        message = (
            "'play_hosts' is this host alone; groups['all'] and groups['NAME'] name the others"
        )
        yield Finding("play_hosts", place, message, refused=False, many_hosts_only=True)


_BLOCKS = frozenset({"block", "rescue", "always"})


def _look_at_both(place: str, entry: Mapping[str, Any]) -> Iterator[Finding]:
    if _is_set(entry.get("run_once")):
        message = (
            "'run_once' runs on every host; put it into a playbook of its own and run that on one "
            "host, with --limit"
        )
        yield Finding("run_once", place, message, refused=True, many_hosts_only=True)


def _look_at_delegation(place: str, target: Any) -> Iterator[Finding]:
    name = str(target).strip()
    if _ITSELF.fullmatch(name):
        return
    if name in _LOCAL:
        yield _on_this_host(place, f"'delegate_to: {name}'")
        return
    message = (
        f"'delegate_to: {name}' cannot reach another host from this one; run a playbook of its "
        "own there, before or after, with --limit"
    )
    yield Finding("delegate_to", place, message, refused=True)


def _on_this_host(place: str, what: str) -> Finding:
    message = f"{what} is done on each host itself, not on one controller"
    return Finding("delegate_to_localhost", place, message, refused=False)


def _is_set(value: Any) -> bool:
    return value is not None and str(value).strip().lower() not in _FALSE


def _list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _list_texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _list_texts(each)
