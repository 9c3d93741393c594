# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a supervisor process come to life?

One function, so that another way (a transient systemd unit) can take its place.
"""

import os
import signal
import sys

from agent_runner.executions.environment import PATH
from agent_runner.executions.folder import Folder
from agent_runner.executions.supervisor.main import LOCK_FD

_MODULE = "agent_runner.executions.supervisor"
_RESET_SIGNALS = [
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGCHLD,
    signal.SIGPIPE,
    signal.SIGUSR1,
    signal.SIGUSR2,
]


def spawn_supervisor(folder: Folder, lock_fd: int) -> int:
    """Start the supervisor of a prepared execution, hand it the lock, and return its pid.

    It gets a session and an environment of its own and none of the agent's descriptors.
    """
    errors = str(folder.supervisor_errors)
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-m", _MODULE, str(folder.path)],
        {"PATH": PATH, "LANG": "C.UTF-8"},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, lock_fd, LOCK_FD),
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=_RESET_SIGNALS,
    )
