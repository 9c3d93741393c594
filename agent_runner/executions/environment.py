# SPDX-License-Identifier: GPL-3.0-or-later
"""Which environment and working directory does a program get?

The same that ``ansible -m command`` finds on a host over SSH: the account's home as working
directory, a login's variables, and nothing of the agent's own environment.
"""

import os
import pwd
from pathlib import Path

from agent_runner.executions.folder import Folder
from agent_runner.executions.processes import MARKER

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for: root's login path on Debian and its relatives."""


def build_environment(folder: Folder) -> dict[str, str]:
    """Return the environment for a program of this execution."""
    account = pwd.getpwuid(os.geteuid())
    return {
        "PATH": PATH,
        "HOME": account.pw_dir,
        "USER": account.pw_name,
        "LOGNAME": account.pw_name,
        "SHELL": account.pw_shell or "/bin/sh",
        "LANG": "C.UTF-8",
        MARKER: str(folder.path),
    }


def find_working_directory() -> str:
    """Return the account's home, or ``/`` where it has none."""
    home = pwd.getpwuid(os.geteuid()).pw_dir
    return home if Path(home).is_dir() else "/"
