# SPDX-License-Identifier: GPL-3.0-or-later
"""What is a supervisor told to run? The form of ``launch.json``, for both who write and read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from agent_runner.executions.folder import find_json, write_json

if TYPE_CHECKING:
    from agent_runner.executions.folder import Folder


class Launch(NamedTuple):
    """One program with its surroundings, and the limits that hold for it.

    ``env`` is the whole environment. ``emits_events`` gives the program a pipe for events, whose
    descriptor it finds in ``MYX_EVENTS_FD``.
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
    return Launch(**fields)
