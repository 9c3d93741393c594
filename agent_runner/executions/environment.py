# SPDX-License-Identifier: GPL-3.0-or-later
"""Which account, environment and working directory does a program get?

The same that ``ansible -m command`` finds on a host over SSH: the account's home as working
directory, a login's variables, and nothing of the agent's own environment.
"""

import os
import pwd
from pathlib import Path

from agent_runner.executions.folder import Folder
from agent_runner.executions.processes import MARKER
from agent_runner.protocol.errors import InvalidParamsError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for: root's login path on Debian and its relatives."""


def find_account(user: str | None) -> pwd.struct_passwd:
    """Return the account that a program runs as: the agent's own where none is named.

    Raises:
        InvalidParamsError: there is no such account, or the agent may not become it.
    """
    own = pwd.getpwuid(os.geteuid())
    if user is None or user == own.pw_name:
        return own
    try:
        account = pwd.getpwnam(user)
    except KeyError as error:
        raise InvalidParamsError(
            f"user: this host has no account '{user}'; name one of /etc/passwd or make it first"
        ) from error
    if own.pw_uid != 0:
        raise InvalidParamsError(
            f"user: the agent of this host runs as '{own.pw_name}', so that only root's agent"
            f" could run as '{user}'; leave the user out"
        )
    return account


def build_environment(folder: Folder, account: pwd.struct_passwd) -> dict[str, str]:
    """Return the environment for a program of this execution."""
    return {
        "PATH": PATH,
        "HOME": account.pw_dir,
        "USER": account.pw_name,
        "LOGNAME": account.pw_name,
        "SHELL": account.pw_shell or "/bin/sh",
        "LANG": "C.UTF-8",
        MARKER: str(folder.path),
    }


def find_working_directory(account: pwd.struct_passwd) -> str:
    """Return the account's home, or ``/`` where it has none."""
    return account.pw_dir if Path(account.pw_dir).is_dir() else "/"
