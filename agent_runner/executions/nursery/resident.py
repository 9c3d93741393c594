# SPDX-License-Identifier: GPL-3.0-or-later
"""How does one ready process become many supervisors, each as clean as a new one?

It has one thread, so that a fork copies all there is, and holds nothing of any execution: what a
supervisor inherits is loaded code. It ends when the agent has gone.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import random
import shutil
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from agent_runner.executions.folder import Folder
from agent_runner.executions.nursery.names import rename_process
from agent_runner.executions.nursery.requests import (
    send_answer,
    send_refusal,
    take_agent,
    take_request,
)
from agent_runner.executions.supervisor.main import LOCK_FD, supervise
from agent_runner.executions.supervisor.scope import entering

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from agent_runner.executions.nursery.requests import Request

    Supervise = Callable[[Path], None]

LOADED = (entering, shutil)
"""What a supervisor would load by itself when it needs it; from here all of them share it."""

_OF_PLAYBOOKS = "agent_runner.executions.playbooks.command_line"


def serve(*, for_playbooks: bool) -> None:
    """Fork a supervisor for each request, until the agent is gone.

    Args:
        for_playbooks: also load what those of playbooks need, which is five megabytes. Where
            playbooks are forked from what has loaded Ansible, few of them come here.
    """
    if for_playbooks:
        importlib.import_module(_OF_PLAYBOOKS)
    rename_process("myx-nursery", "")
    fork_supervisors(take_agent(), supervise, lambda: None)


def fork_supervisors(
    agent: socket.socket, supervise: Supervise, find_fault: Callable[[], str | None]
) -> None:
    """Fork one for each request, until the agent is gone or this process is of no use any more.

    Args:
        agent: where requests come from.
        supervise: what a fork does with the execution's folder.
        find_fault: says why nothing may be forked any more, or None.
    """
    signal.signal(signal.SIGCHLD, lambda _number, _frame: _reap())
    gc.collect()
    gc.freeze()  # the collector would write to the pages that the supervisors share
    while (request := take_request(agent)) is not None:
        fault = find_fault()
        if fault is not None:
            send_refusal(agent, fault)
            return
        _fork(agent, request, supervise)


def _fork(agent: socket.socket, request: Request, supervise: Supervise) -> None:
    """Answer one request."""
    # Nobody is reaped before the pidfd is open, so that it cannot be another process's.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    try:
        pid = os.fork()
        if pid == 0:
            _become_supervisor(request, supervise)
        pidfd = os.pidfd_open(pid)
    except OSError as error:
        send_refusal(agent, str(error))
    else:
        with contextlib.suppress(BrokenPipeError):  # the agent has gone, the execution goes on
            send_answer(agent, pidfd)
        os.close(pidfd)
    finally:
        os.close(request.lock_fd)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])


def _become_supervisor(request: Request, supervise: Supervise) -> NoReturn:
    """Leave behind all that is the nursery's, and supervise."""
    status = 1
    try:
        os.setsid()
        _keep_only(request)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        random.seed()
        rename_process("myx-supervisor", request.folder.name)
        supervise(request.folder)
        status = 0
    except BaseException as error:  # noqa: BLE001 - nothing may return into the nursery's loop
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        os._exit(status)


def _keep_only(request: Request) -> None:
    """Keep of all descriptors the lock, and take the folder's file for errors."""
    os.dup2(request.lock_fd, LOCK_FD, inheritable=False)
    os.closerange(LOCK_FD + 1, os.sysconf("SC_OPEN_MAX"))
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    errors_fd = os.open(Folder(request.folder).supervisor_errors, flags, 0o600)
    os.dup2(errors_fd, 2)
    os.close(errors_fd)


def _reap() -> None:
    """Collect the supervisors that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
