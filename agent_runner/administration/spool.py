# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be seen and done of the executions from beside the agent? Straight from the spool."""

import os
import pwd
import select
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent_runner.audit import AUDIT_NAME, AuditLog
from agent_runner.executions.admission import DRAIN_NAME
from agent_runner.executions.folder import Folder, find_json, write_cancel
from agent_runner.executions.spool import (
    Spool,
    find_result,
    locate_spool,
    open_supervisor,
    signal_supervisor,
)
from agent_runner.protocol.methods import MAX_PIECE_BYTES, LogType
from agent_runner.protocol.segments import read_segment

RECHECK_MS = 500
"""How often a log that is followed is looked at."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One execution as its files show it."""

    command_id: str
    kind: str
    state: str
    principal: str
    what: str
    started_at: float | None


class HostSpool:
    """The executions of this host, for its administrator."""

    def __init__(self, state_dir: Path) -> None:
        self._spool = Spool(locate_spool(state_dir))
        self._audit = AuditLog(state_dir.resolve() / AUDIT_NAME)
        self._drain = self._spool.path / DRAIN_NAME

    def list_executions(self) -> list[Listed]:
        """Return all that are kept, the oldest first."""
        if not self._spool.path.is_dir():
            return []
        listed = [_describe(folder) for folder in self._spool.list_folders()]
        return sorted(listed, key=lambda each: (each.started_at or 0.0, each.command_id))

    def follow_log(self, command_id: str, *, is_followed: bool) -> Iterator[tuple[LogType, bytes]]:
        """Return the pieces of a log; where it is followed, until the execution has ended.

        Raises:
            RpcError: there is no such execution, or it was removed.
        """
        folder = self._spool.get(command_id)
        offset = 0
        while True:
            has_ended = find_result(folder) is not None  # before reading: nothing comes after it
            log_type, data = _read(folder, offset)
            offset += len(data)
            if data:
                yield log_type, data
            elif has_ended or not is_followed or not _wait(folder):
                return

    def cancel(self, command_id: str) -> bool:
        """Ask for the end of an execution; return whether somebody is there to end it.

        Raises:
            RpcError: there is no such execution, or it was removed.
        """
        folder = self._spool.get(command_id)
        if find_result(folder) is not None:
            return False
        facts = {"principal": _name_me(), "reason": "canceled by the host's administrator"}
        self._audit.write("cancel", command_id, facts)
        write_cancel(folder, facts["reason"])
        signal_supervisor(folder, signal.SIGTERM)
        return True

    def is_draining(self) -> bool:
        """Tell whether new executions are refused."""
        return self._drain.exists()

    def drain(self, *, is_wanted: bool) -> None:
        """Refuse new executions from now on, or take them again; what runs goes on."""
        self._audit.write("drain" if is_wanted else "undrain", None, {"principal": _name_me()})
        if is_wanted:
            self._spool.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._drain.touch(mode=0o600)
        else:
            self._drain.unlink(missing_ok=True)


def _describe(folder: Folder) -> Listed:
    request = find_json(folder.request) or {}
    facts = request.get("audit", {})
    result, child = find_result(folder), find_json(folder.child)
    if result is not None:
        state: str = result.state
    else:
        state = "running" if _is_supervised(folder) else "unsupervised"
    return Listed(
        folder.command_id,
        request.get("kind", "?"),
        state,
        facts.get("principal", ""),
        facts.get("playbook") or " ".join(facts.get("argv", [])),
        child["started_at"] if child else request.get("accepted_at"),
    )


def _is_supervised(folder: Folder) -> bool:
    pidfd = open_supervisor(folder)
    if pidfd is None:
        return False
    os.close(pidfd)
    return True


def _read(folder: Folder, offset: int) -> tuple[LogType, bytes]:
    try:
        log_type, data, _ = read_segment(folder.log, folder.log_index, offset, MAX_PIECE_BYTES)
    except FileNotFoundError:
        return "stdout", b""
    return log_type, data


def _wait(folder: Folder) -> bool:
    """Wait until there may be more, at the latest when the supervisor ends; False without one."""
    pidfd = open_supervisor(folder)
    if pidfd is None:
        return find_result(folder) is not None
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.poll(RECHECK_MS)
    finally:
        os.close(pidfd)
    return True


def _name_me() -> str:
    return f"host:{pwd.getpwuid(os.getuid()).pw_name}"
