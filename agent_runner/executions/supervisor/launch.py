# SPDX-License-Identifier: GPL-3.0-or-later
"""What is a supervisor told to run? The form of ``launch.json``, for both who write and read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from agent_runner.executions.folder import find_json, write_json

if TYPE_CHECKING:
    from agent_runner.executions.folder import Folder


SCRIPT_FD = 100
"""Where a program of another account finds its script: it cannot enter the spool."""


class RunAs(NamedTuple):
    """The account of a program that is not the agent's own, by numbers."""

    user: int
    group: int
    groups: list[int]


class Scope(NamedTuple):
    """What one execution may use of the host, all its processes together; None is no limit."""

    memory_max_bytes: int | None
    cpu_percent: int | None
    tasks_max: int | None


class Playbook(NamedTuple):
    """What ``ansible-playbook`` is to do, for ansible-runner to make a command line of."""

    ident: str
    private_data_dir: str
    bundle: str
    path: str
    inventory: str
    limit: str
    verbosity: int
    tags: list[str]
    skip_tags: list[str]
    modes: list[str]


class Launch(NamedTuple):
    """One program with its surroundings, and the limits that hold for it.

    ``env`` is the whole environment. ``emits_events`` gives the program a pipe for events, whose
    descriptor it finds in ``MYX_EVENTS_FD``. ``opened_script`` is opened as ``SCRIPT_FD``, and
    ``stdin`` as the standard input; without one there is nothing to read. With a ``playbook``,
    the rest is completed from it (see ``playbooks.command_line``). With a ``scope``,
    systemd gives the execution a cgroup of its own. Without ``warm`` it is a new process.
    """

    kind: str
    argv: list[str]
    env: dict[str, str]
    cwd: str
    timeout_s: float | None
    cancel_grace_s: float
    log_max_bytes: int
    secrets: list[str]
    emits_events: bool = False
    events_max_bytes: int = 0
    run_as: RunAs | None = None
    opened_script: str | None = None
    stdin: str | None = None
    playbook: Playbook | None = None
    scope: Scope | None = None
    warm: bool = True


class UnusableLaunchError(Exception):
    """The program cannot be started as it was asked for."""


def write_launch(folder: Folder, launch: Launch) -> None:
    """Leave the order for the supervisor."""
    write_json(folder.launch, launch._asdict())


def take_launch(folder: Folder) -> Launch | None:
    """Return the order and remove it from disk: it may hold secrets.

    Of two supervisors of one execution exactly one gets it, the other gets None.
    """
    fields: dict[str, Any] | None = find_json(folder.launch)
    if fields is None:
        return None
    try:
        folder.launch.unlink()
    except FileNotFoundError:
        return None
    nested = {"run_as": RunAs, "playbook": Playbook, "scope": Scope}
    values = {name: kind(*fields[name]) for name, kind in nested.items() if fields[name]}
    return Launch(**{**fields, **values})
