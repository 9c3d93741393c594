# SPDX-License-Identifier: GPL-3.0-or-later
"""Which executions does this host know, and which of them are alive?

A folder appears under its id by one rename, with its lock already held: of two starts with the
same id exactly one wins, and there is no moment in which a new execution looks dead. The lock
goes from the agent to the supervisor and is free only when both are gone.
"""

import fcntl
import os
import shutil
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec

from agent_runner.executions.folder import Folder
from agent_runner.executions.rotation.tombstones import MAX_AGE_S, Tombstones
from agent_runner.executions.supervisor.notifier import SOCKET_NAME
from agent_runner.protocol.errors import LogGoneError, UnknownExecutionError
from agent_runner.protocol.methods import ExecutionResult, State

_STAGING_PREFIX = ".new-"
_LEAVING_PREFIX = ".gone-"
_TOMBSTONES_NAME = ".removed"


def locate_spool(state_dir: Path) -> Path:
    """Return the directory of the executions of an agent with this state."""
    return (state_dir / "executions").resolve()


class Spool:
    """The folders of all executions under one directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket_path = path / SOCKET_NAME
        self._tombstones = Tombstones(path / _TOMBSTONES_NAME)

    def open(self) -> None:
        """Make the directory, and remove what a crash or power cut left half-made."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in self.path.glob(f"{_STAGING_PREFIX}*"):
            shutil.rmtree(leftover)
        for path in self.path.iterdir():
            if not path.name.startswith(".") and path.is_dir():
                _complete(Folder(path))

    def create(self, command_id: str) -> tuple[Folder, int] | None:
        """Make the folder of a new execution; its name is not forced to disk yet.

        Returns:
            The folder and its lock, held; or None where the execution exists or existed.
        """
        if self.find_removed(command_id) is not None:
            return None
        staging = self.path / f"{_STAGING_PREFIX}{uuid.uuid4().hex}"
        staging.mkdir(mode=0o700)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        lock_fd = os.open(Folder(staging).lock, flags, 0o600)
        fcntl.flock(lock_fd, fcntl.LOCK_EX)
        try:
            staging.rename(self.path / command_id)
        except OSError:
            os.close(lock_fd)
            shutil.rmtree(staging)
            if self.find(command_id) is None:
                raise
            return None
        return Folder(self.path / command_id), lock_fd

    def discard(self, folder: Folder) -> None:
        """Forget an execution that could not be prepared."""
        shutil.rmtree(folder.path)

    def remove(self, folder: Folder) -> bool:
        """Remove an execution that has ended and remember its id; return False for a living one.

        Raises:
            OSError: its id cannot be remembered, or something of it cannot be removed.
        """
        lock_fd = take_dead_lock(folder)
        if lock_fd is None:
            return False
        try:
            result = find_result(folder)
            if result is None:
                return False
            self._tombstones.add(folder.command_id, result.state)
            leaving = folder.path.rename(self.path / f"{_LEAVING_PREFIX}{uuid.uuid4().hex}")
        finally:
            os.close(lock_fd)
        shutil.rmtree(leaving)
        return True

    def sweep(self, now: float, remembered_s: float = MAX_AGE_S) -> None:
        """Remove what an interrupted removal left, and ids that were remembered long enough."""
        for leftover in self.path.glob(f"{_LEAVING_PREFIX}*"):
            shutil.rmtree(leftover)
        self._tombstones.forget_old(now, remembered_s)

    def list_tombstones(self) -> list[Path]:
        """Return what stands for the executions that were removed."""
        return self._tombstones.list_paths()

    def find_removed(self, command_id: str) -> State | None:
        """Return how an execution ended that was removed since, or None."""
        return self._tombstones.find(command_id)

    def has(self, command_id: str) -> bool:
        """Tell whether an execution is or was here: its id must not run again."""
        return self.find(command_id) is not None or self.find_removed(command_id) is not None

    def locate(self, command_id: str) -> Folder:
        """Return where the folder of an execution is, if there is one."""
        return Folder(self.path / command_id)

    def find(self, command_id: str) -> Folder | None:
        """Return the folder of an execution, or None."""
        folder = self.locate(command_id)
        return folder if folder.lock.exists() else None

    def get(self, command_id: str) -> Folder:
        """Return the folder of an execution.

        Raises:
            UnknownExecutionError: there is none.
            LogGoneError: it was removed.
        """
        folder = self.find(command_id)
        if folder is None and self.find_removed(command_id) is not None:
            raise LogGoneError(
                f"execution '{command_id}' has ended and was removed from this host; its log is"
                " where it was read before"
            )
        if folder is None:
            raise UnknownExecutionError(f"this host knows no execution '{command_id}'")
        return folder

    def list_folders(self) -> Iterator[Folder]:
        """Return the folders of all executions."""
        for path in self.path.iterdir():
            folder = Folder(path)
            if not path.name.startswith(".") and folder.lock.exists():
                yield folder


def _complete(folder: Folder) -> None:
    """Remove a folder whose lock did not reach the disk, unless its start may have been told."""
    if folder.lock.exists():
        return
    if folder.request.exists() or folder.result.exists():
        folder.lock.touch(mode=0o600)
    else:
        shutil.rmtree(folder.path)


def find_result(folder: Folder) -> ExecutionResult | None:
    """Return how an execution ended, or None while it has not."""
    try:
        raw = folder.result.read_bytes()
    except FileNotFoundError:
        return None
    return msgspec.json.decode(raw, type=ExecutionResult)


def take_dead_lock(folder: Folder) -> int | None:
    """Take the lock of an execution that nobody watches; None where somebody does."""
    lock_fd = os.open(folder.lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock_fd)
        return None
    return lock_fd


def open_supervisor(folder: Folder) -> int | None:
    """Return a pidfd of the living supervisor, or None where there is none yet or any more.

    The lock is looked at after the pidfd is open: as long as it is held, the pid that its holder
    has written cannot belong to another process.
    """
    pid = folder.lock.read_bytes()
    if not pid.isdigit():  # none yet, or what a power cut has left
        return None
    try:
        pidfd = os.pidfd_open(int(pid))
    except ProcessLookupError:
        return None
    lock_fd = take_dead_lock(folder)
    if lock_fd is None:
        return pidfd
    os.close(lock_fd)
    os.close(pidfd)
    return None


def signal_supervisor(folder: Folder, number: signal.Signals) -> None:
    """Signal the supervisor if it is there; one that is only coming up looks at the folder."""
    pidfd = open_supervisor(folder)
    if pidfd is None:
        return
    try:
        signal.pidfd_send_signal(pidfd, number)
    except ProcessLookupError:
        return  # it has just ended by itself
    finally:
        os.close(pidfd)
