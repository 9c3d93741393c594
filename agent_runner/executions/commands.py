# SPDX-License-Identifier: GPL-3.0-or-later
"""What exactly is run for a command or a script?

A command is its argument vector, without a shell. A script is written into the spool and
executed, so that its first line decides; without ``#!`` it is ``/bin/sh``'s. Both run in the
account's home directory, where ``ansible -m command`` and ``-m script`` run over SSH. Another
account than the agent's own cannot enter the spool: it gets its script as an open file.
"""

import os
import pwd

from agent_runner.config import Limits
from agent_runner.executions.environment import (
    build_environment,
    find_account,
    find_working_directory,
)
from agent_runner.executions.folder import Folder
from agent_runner.executions.supervisor.launch import SCRIPT_FD, Launch, RunAs
from agent_runner.protocol.errors import InvalidParamsError
from agent_runner.protocol.methods import ExecuteCommandParams, Script

UNKEPT_LOG_MAX_BYTES = 64 * 1024 * 1024
"""The most output that is held of a command that is not kept: it lies in memory."""

_SHEBANG = "#!"
_SCRIPT_MODE = 0o755


def check_command(params: ExecuteCommandParams) -> None:
    """Refuse what no program can be given.

    Raises:
        InvalidParamsError: an argument holds a NUL byte, the script's name is no file name, or
            the account cannot be used.
    """
    if any("\0" in argument for argument in (params.command, *params.args)):
        raise InvalidParamsError("command and args: an argument must not hold a NUL byte")
    if params.script is not None and params.script.name in {".", ".."}:
        raise InvalidParamsError(f"script.name: '{params.script.name}' is no file name")
    if params.script is not None and not params.keep:
        raise InvalidParamsError("keep: a script lies on disk; leave 'keep' out, or send a command")
    find_account(params.user)


def prepare_command(folder: Folder, params: ExecuteCommandParams, limits: Limits) -> Launch:
    """Return what to run, with the script in place.

    Raises:
        OSError: the spool cannot be written.
    """
    account = find_account(params.user)
    run_as = _describe(account)
    path = None if params.script is None else _place(folder, params.script)
    opened_script = path if run_as else None
    if params.script is None or path is None:
        program = [params.command]
    else:
        program = _call(params.script, f"/proc/self/fd/{SCRIPT_FD}" if opened_script else path)
    return Launch(
        kind="command" if params.script is None else "script",
        argv=[*program, *params.args],
        env=build_environment(folder, account),
        cwd=find_working_directory(account),
        timeout_s=params.timeout,
        cancel_grace_s=limits.cancel_grace_s,
        log_max_bytes=_limit_log(params, limits),
        secrets=params.secrets,
        run_as=run_as,
        opened_script=opened_script,
        stdin=_write_stdin(folder, params.stdin),
    )


def _describe(account: pwd.struct_passwd) -> RunAs | None:
    """Return the account by numbers, or None for the agent's own."""
    if account.pw_uid == os.geteuid():
        return None
    groups = os.getgrouplist(account.pw_name, account.pw_gid)
    return RunAs(account.pw_uid, account.pw_gid, groups)


def _limit_log(params: ExecuteCommandParams, limits: Limits) -> int:
    most = limits.log_max_bytes
    return most if params.keep else min(most, UNKEPT_LOG_MAX_BYTES)


def _write_stdin(folder: Folder, data: bytes) -> str | None:
    """Lay down what the program is to read, and return where."""
    if not data:
        return None
    fd = os.open(folder.stdin, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as stream:
        stream.write(data)
    return str(folder.stdin)


def _place(folder: Folder, script: Script) -> str:
    """Write the script as a program and return where it is."""
    folder.script.mkdir(mode=0o700)
    path = folder.script / script.name
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700)
    with os.fdopen(fd, "w", encoding="utf-8", newline="") as stream:
        os.fchmod(fd, _SCRIPT_MODE)  # nobody but root can enter the folder
        stream.write(script.content)
    return str(path)


def _call(script: Script, path: str) -> list[str]:
    return [path] if script.content.startswith(_SHEBANG) else ["/bin/sh", path]
