# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a process of ours come to life as a new program?

It gets a session and an environment of its own and none of the agent's descriptors but one.
"""

import os
import signal
import sys
from typing import NamedTuple

from agent_runner.executions.environment import PATH
from agent_runner.executions.folder import Folder
from agent_runner.executions.nursery.requests import AGENT_FD
from agent_runner.executions.supervisor.main import LOCK_FD

_SUPERVISOR = "agent_runner.executions.supervisor"
_NURSERY = "agent_runner.executions.nursery"
_WARM = "agent_runner.warm"
_ROOM_FOR_NAMES = "-" * 64  # forks show in ``ps`` by what they are, in place of the arguments
_ROOM_FOR_COMMANDS = "-" * 4096  # forks show there as the whole command that they take the place of
_RESET_SIGNALS = [
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGCHLD,
    signal.SIGPIPE,
    signal.SIGUSR1,
    signal.SIGUSR2,
]

FOR_PLAYBOOKS = "for-playbooks"
"""Tells the nursery that supervisors of playbooks come from it as well."""

ROOM_VARIABLE = "MYX_ROOM"
"""Makes the environment that the kernel gives a process so large that a fork's own fits in."""

BARE_ENVIRONMENT = {"PATH": PATH, "LANG": "C.UTF-8"}
"""What a process of ours has that is no playbook yet."""

_FileActions = list[tuple[int, int, int] | tuple[int, int, str, int, int]]


class Started(NamedTuple):
    """A process of ours; ``child_pid`` where it is the agent's own child, to be reaped by it."""

    pidfd: int
    child_pid: int | None


def spawn_supervisor(folder: Folder, lock_fd: int) -> Started:
    """Start the supervisor of a prepared execution and hand it the lock.

    Raises:
        OSError: it cannot be started.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    errors = (os.POSIX_SPAWN_OPEN, 2, str(folder.supervisor_errors), flags, 0o600)
    return _spawn(
        [_SUPERVISOR, str(folder.path)], [(os.POSIX_SPAWN_DUP2, lock_fd, LOCK_FD), errors]
    )


def spawn_nursery(socket_fd: int, *, for_playbooks: bool) -> Started:
    """Start the resident process at the other end of a socket; its errors go where ours go.

    Args:
        socket_fd: the end that is its own.
        for_playbooks: it also loads what supervisors of playbooks need.

    Raises:
        OSError: it cannot be started.
    """
    words = [_NURSERY, _ROOM_FOR_NAMES, *([FOR_PLAYBOOKS] if for_playbooks else [])]
    return _spawn(words, [(os.POSIX_SPAWN_DUP2, socket_fd, AGENT_FD)])


def spawn_warm(cwd: str, env: dict[str, str], socket_fd: int) -> Started:
    """Start a process that loads Ansible as ``ansible-playbook`` would, here and with this.

    It is no isolated interpreter, since ``ansible-playbook`` is none.

    Raises:
        OSError: it cannot be started.
    """
    actions: _FileActions = [(os.POSIX_SPAWN_DUP2, socket_fd, AGENT_FD)]
    room = {ROOM_VARIABLE: _ROOM_FOR_COMMANDS}
    return _spawn([_WARM, cwd, _ROOM_FOR_COMMANDS], actions, env={**env, **room}, option="-P")


def _spawn(
    module_and_arguments: list[str],
    file_actions: _FileActions,
    *,
    env: dict[str, str] | None = None,
    option: str = "-I",
) -> Started:
    null: _FileActions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    ]
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, option, "-m", *module_and_arguments],
        env or BARE_ENVIRONMENT,
        file_actions=[*file_actions, *null],
        setsid=True,
        setsigmask=[],
        setsigdef=_RESET_SIGNALS,
    )
    return Started(os.pidfd_open(pid), pid)
