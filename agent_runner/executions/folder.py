# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files make up the spool of one execution, and how are they written and removed?

The folder's life: it appears with its lock already held (see ``spool``), ``launch.json`` tells
the supervisor what to run and is removed as soon as it is read, ``log`` and ``events`` grow,
and ``result.json`` appears exactly once, complete. Whoever holds the lock is alive: the agent
while it prepares, then the supervisor.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_BYTES = 64 * 1024
"""Kept free in each folder, so that a cancel and an end can be written down on a full disk."""


class Folder:
    """The spool folder of one execution; its files by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = path / "lock"
        self.request = path / "request.json"
        self.launch = path / "launch.json"
        self.child = path / "child.json"
        self.cancel = path / "cancel.json"
        self.log = path / "log"
        self.log_index = path / "log.index"
        self.tail = path / "tail"
        self.events = path / "events"
        self.events_index = path / "events.index"
        self.result = path / "result.json"
        self.audited = path / "audited"
        self.acknowledged = path / "acknowledged"
        self.supervisor_errors = path / "supervisor.stderr"
        self.reserve = path / "reserve"
        self.runner = path / "runner"
        self.script = path / "script"
        self.stdin = path / "stdin"
        self.tmp = path / "tmp"

    @property
    def command_id(self) -> str:
        """The execution's id names its folder."""
        return self.path.name


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write ``value`` so that a reader sees all of it or nothing; it is not forced to disk."""
    draft = path.with_name(path.name + ".tmp")
    _write_private(draft, value, sync=False)
    draft.replace(path)


def write_json_durably(path: Path, value: dict[str, Any]) -> None:
    """Write ``value`` like ``write_json`` and return when it would survive a power cut."""
    draft = path.with_name(path.name + ".tmp")
    _write_private(draft, value, sync=True)
    draft.replace(path)
    sync_directory(path.parent)


def write_result(folder: Folder, result: dict[str, Any]) -> bool:
    """Write the terminal record durably, unless there is one: an end is never replaced.

    Returns:
        Whether this call has written it.

    Raises:
        OSError: the disk refuses even with the reserve given back.
    """
    folder.reserve.unlink(missing_ok=True)
    draft = folder.path / f"result.{os.getpid()}.tmp"
    _write_private(draft, result, sync=True)
    try:
        os.link(draft, folder.result)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    sync_directory(folder.path)
    return True


def write_cancel(folder: Folder, reason: str) -> None:
    """Leave the request to end an execution, on a full disk in the room that is reserved for it."""
    try:
        write_json(folder.cancel, {"reason": reason})
    except OSError:
        os.truncate(folder.reserve, RESERVE_BYTES // 2)
        write_json(folder.cancel, {"reason": reason})


def find_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a file that ``write_json`` wrote, or None where there is none.

    A file that was not forced to disk may be there and be empty after a power cut: that is none.
    """
    try:
        value: dict[str, Any] = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return value


def allocate_reserve(folder: Folder) -> None:
    """Take the room that the terminal record will need."""
    fd = os.open(folder.reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(fd, 0, RESERVE_BYTES)
    finally:
        os.close(fd)


def remove_secrets(folder: Folder) -> None:
    """Remove all that may hold a secret: variables, script, inventory, Ansible's scratch files.

    Raises:
        OSError: something could not be removed, for instance because a process left behind
            still writes there.
    """
    import shutil  # noqa: PLC0415 - 7 ms of a supervisor's start for what its end needs

    folder.launch.unlink(missing_ok=True)
    folder.stdin.unlink(missing_ok=True)
    for directory in (folder.runner, folder.script, folder.tmp):
        if directory.is_dir():
            shutil.rmtree(directory)


def sync_directory(path: Path) -> None:
    """Return when the names in a directory are on disk."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write_private(path: Path, value: dict[str, Any], *, sync: bool) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as stream:
        json.dump(value, stream)
        stream.flush()
        if sync:
            os.fsync(fd)
