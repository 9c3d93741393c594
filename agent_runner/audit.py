# SPDX-License-Identifier: GPL-3.0-or-later
"""Who started, refused, canceled and ended what on this host? One JSON line each, for its owner.

The agent and its supervisors append to one file; the control plane cannot read or change it.
Each start has exactly one end: the supervisor writes it, and where the supervisor was killed,
whoever closes the execution. Loaded by each supervisor: the standard library only.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_runner.executions.folder import find_json
from agent_runner.executions.supervisor.masking import Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent_runner.executions.folder import Folder
    from agent_runner.protocol.methods import ExecuteAnsibleParams, ExecuteCommandParams

AUDIT_NAME = "audit.log"
"""The file's name in the agent's state directory."""

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


class AuditLog:
    """The audit file of a host; it is opened for each line, so that it may be rotated away."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(
        self,
        action: str,
        command_id: str | None,
        facts: Mapping[str, Any],
        *,
        durable: bool = True,
    ) -> None:
        """Append one line and return when it is on disk.

        Where it need not be ``durable``, the system writes it there in its own time.

        Raises:
            OSError: it cannot be written; nothing of it is left.
        """
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}Z"
        entry = {"time": stamp, "action": action, "command_id": command_id, **facts}
        known = {name: value for name, value in entry.items() if value is not None}
        descriptor = os.open(self.path, _FLAGS, 0o600)
        try:
            _append(descriptor, f"{json.dumps(known)}\n".encode())
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def has_end(self, command_id: str) -> bool:
        """Tell whether the end of an execution stands in the file."""
        try:
            with self.path.open("rb") as file:
                return any(
                    command_id.encode() in line and _is_end(line, command_id) for line in file
                )
        except FileNotFoundError:
            return False


def describe_command(params: ExecuteCommandParams) -> dict[str, Any]:
    """Return what is remembered of a command or script, without its secrets."""
    script = params.script
    argv = [script.name if script else params.command, *params.args]
    secrets = Secrets(params.secrets)
    return {
        "kind": "script" if script else "command",
        "principal": params.principal,
        "user": params.user,
        "argv": [secrets.mask_text(argument) for argument in argv],
        "digest": hashlib.sha256(script.content.encode()).hexdigest() if script else None,
    }


def describe_playbook(params: ExecuteAnsibleParams) -> dict[str, Any]:
    """Return what is remembered of a playbook."""
    return {
        "kind": "playbook",
        "principal": params.principal,
        "playbook": params.playbook,
        "digest": params.bundle,
    }


def record_end(folder: Folder, result: Mapping[str, Any], *, may_be_there: bool) -> None:
    """Write down how an execution ended, once; the caller holds its lock.

    Args:
        folder: its spool, in which its start has left what is remembered of it.
        result: its terminal record.
        may_be_there: whether somebody may have written the line and died before noting that.

    Raises:
        OSError: it cannot be written; whoever settles the execution tries again.
    """
    request = find_json(folder.request)
    if request is None or folder.audited.exists():
        return
    audit = AuditLog(Path(request["audit_log"]))
    if not (may_be_there and audit.has_end(folder.command_id)):
        end = {name: result.get(name) for name in ("reason_code", "return_code")}
        facts = {**request["audit"], "result": result["state"], **end}
        audit.write("end", folder.command_id, facts, durable=request.get("keep", True))
    folder.audited.touch(mode=0o600)


def _append(descriptor: int, line: bytes) -> None:
    """Append a line whole or not at all, and not to one that a power cut has torn."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    if os.write(descriptor, line) < len(line):
        os.ftruncate(descriptor, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def _is_end(line: bytes, command_id: str) -> bool:
    try:
        entry = json.loads(line)
    except ValueError:
        return False  # somebody has edited the file
    return bool(entry.get("action") == "end" and entry.get("command_id") == command_id)
