# SPDX-License-Identifier: GPL-3.0-or-later
"""What exactly is run for a command or a script?

A command is its argument vector, without a shell. A script is written into the spool and
executed, so that its first line decides; without ``#!`` it is ``/bin/sh``'s. Both run in the
account's home directory, where ``ansible -m command`` and ``-m script`` run over SSH.
"""

import os
from pathlib import Path

from agent_runner.config import Limits
from agent_runner.executions.environment import build_environment, find_working_directory
from agent_runner.executions.folder import Folder
from agent_runner.executions.supervisor.launch import Launch
from agent_runner.protocol.errors import InvalidParamsError
from agent_runner.protocol.methods import ExecuteCommandParams, Script

_SHEBANG = "#!"


def check_command(params: ExecuteCommandParams) -> None:
    """Refuse what no program can be given.

    Raises:
        InvalidParamsError: an argument holds a NUL byte, or the script's name is no file name.
    """
    if any("\0" in argument for argument in (params.command, *params.args)):
        raise InvalidParamsError("command and args: an argument must not hold a NUL byte")
    if params.script is not None and params.script.name in {".", ".."}:
        raise InvalidParamsError(f"script.name: '{params.script.name}' is no file name")


def prepare_command(folder: Folder, params: ExecuteCommandParams, limits: Limits) -> Launch:
    """Return what to run, with the script in place.

    Raises:
        OSError: the spool cannot be written.
    """
    program = [params.command] if params.script is None else _place(folder, params.script)
    return Launch(
        kind="command" if params.script is None else "script",
        argv=[*program, *params.args],
        env=build_environment(folder),
        cwd=find_working_directory(),
        timeout_s=params.timeout,
        cancel_grace_s=limits.cancel_grace_s,
        log_max_bytes=limits.log_max_bytes,
        secrets=params.secrets,
    )


def _place(folder: Folder, script: Script) -> list[str]:
    """Write the script as a program and return how it is called."""
    folder.script.mkdir(mode=0o700)
    path: Path = folder.script / script.name
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700)
    with os.fdopen(fd, "w", encoding="utf-8", newline="") as stream:
        stream.write(script.content)
    return [str(path)] if script.content.startswith(_SHEBANG) else ["/bin/sh", str(path)]
