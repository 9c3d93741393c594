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


class Launch(NamedTuple):
    """One program with its surroundings, and the limits that hold for it.

    ``env`` is the whole environment. ``emits_events`` gives the program a pipe for events, whose
    descriptor it finds in ``MYX_EVENTS_FD``. ``opened_script`` is opened as ``SCRIPT_FD``.
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
    run_as: RunAs | None = None
    opened_script: str | None = None


def write_launch(folder: Folder, launch: Launch) -> None:
    """Leave the order for the supervisor."""
    write_json(folder.launch, launch._asdict())


def take_launch(folder: Folder) -> Launch:
    """Return the order and remove it from disk: it may hold secrets.

    Raises:
        FileNotFoundError: there is no order.
    """
    fields: dict[str, Any] | None = find_json(folder.launch)
    if fields is None:
        raise FileNotFoundError(folder.launch)
    folder.launch.unlink()
    run_as = fields["run_as"]
    return Launch(**{**fields, "run_as": RunAs(*run_as) if run_as else None})
