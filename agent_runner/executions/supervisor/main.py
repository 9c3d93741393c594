# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a supervisor process come up, and how does it leave the terminal record?"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from agent_runner.audit import record_end
from agent_runner.executions.folder import (
    Folder,
    allocate_reserve,
    find_json,
    remove_secrets,
    write_result,
)
from agent_runner.executions.supervisor.causes import describe_exit, describe_start_error, shorten
from agent_runner.executions.supervisor.child import start_process
from agent_runner.executions.supervisor.ending import Verdict, end_all_now
from agent_runner.executions.supervisor.launch import UnusableLaunchError, take_launch
from agent_runner.executions.supervisor.notifier import Notifier
from agent_runner.executions.supervisor.scope.cgroup import Cgroup
from agent_runner.executions.supervisor.scope.entering import ScopeError, enter_scope
from agent_runner.executions.supervisor.supervision import Supervision

if TYPE_CHECKING:
    from pathlib import Path

    from agent_runner.executions.supervisor.child import Start
    from agent_runner.executions.supervisor.launch import Launch, Scope
    from agent_runner.protocol.reasons import ReasonCode

STDERR_FD = 2

LOCK_FD = 3
"""Where the agent leaves the folder's lock, already held."""

_PR_SET_CHILD_SUBREAPER = 36


def supervise(path: Path, start: Start = start_process) -> None:
    """Run the execution whose folder is ``path`` to its end and write its terminal record.

    Where another supervisor has taken the order, this one leaves without a trace.

    Raises:
        OSError: the record cannot be written; the agent will close the execution.
    """
    os.umask(0o077)
    os.chdir("/")
    folder = Folder(path)
    wakeup_fd = _catch_signals()
    _become_subreaper()
    notifier = Notifier(path.parent, folder.command_id)
    try:
        launch = take_launch(folder)
        if launch is None:
            return
        _announce()
        result = _run(folder, launch, start, wakeup_fd, notifier)
    except Exception as error:  # noqa: BLE001 - whatever it is, the execution gets its end
        _report(error)
        end_all_now()
        reason = f"the supervisor failed: {type(error).__name__}: {error}"
        result = _compose(Verdict("lost", "supervisor_died", reason))
    _clean(folder)
    write_result(folder, result)
    _audit(folder, result)
    notifier.mark()
    notifier.flush(time.monotonic())
    notifier.close()


def _run(
    folder: Folder, launch: Launch, start: Start, wakeup_fd: int, notifier: Notifier
) -> dict[str, Any]:
    record = find_json(folder.cancel)
    if record is not None:
        return _compose(Verdict("canceled", "canceled", f"{record['reason']}; before its start"))
    cgroup = _enter_scope(folder, launch.scope) if launch.scope else None
    try:
        launch = _complete(launch)
        allocate_reserve(folder)
        supervision = Supervision(folder, launch, start, wakeup_fd, notifier)
    except UnusableLaunchError as error:
        return _compose(Verdict("failed", "could_not_start", str(error)))
    except OSError as error:
        reason = f"cannot write to the spool in {folder.path.parent}: {error.strerror}"
        return _compose(Verdict("failed", "disk_full", reason))
    try:
        supervision.run()
    except OSError as error:
        if supervision.started_at is not None:
            raise
        reason = describe_start_error(launch, error)
        return _compose(Verdict("failed", "could_not_start", reason))
    return _compose(
        _explain(_judge(launch, supervision), cgroup),
        return_code=supervision.return_code,
        started_at=supervision.started_at,
        ended_processes=supervision.ending.ended_processes if supervision.ending else 0,
        **supervision.count_output(),
        **supervision.describe_start(),
    )


def _enter_scope(folder: Folder, scope: Scope) -> Cgroup | None:
    """Move into a cgroup of the execution's own; where that fails it runs where the agent does."""
    try:
        unit = enter_scope(folder.command_id, scope)
    except ScopeError as error:
        os.write(STDERR_FD, f"systemd gives no scope, the limits do not hold: {error}\n".encode())
        return None
    return Cgroup(unit, memory_max_bytes=scope.memory_max_bytes, tasks_max=scope.tasks_max)


def _complete(launch: Launch) -> Launch:
    """Return what to run, for a playbook with ansible-runner's help."""
    if launch.playbook is None:
        return launch
    from agent_runner.executions.playbooks import command_line  # noqa: PLC0415 - costs 60 ms

    return command_line.complete_launch(launch, launch.playbook)


def _explain(verdict: Verdict, cgroup: Cgroup | None) -> Verdict:
    """Name the limit of the execution that made its program fail, where one did."""
    if cgroup is None or verdict.reason_code != "nonzero_exit":
        return verdict
    shortage, refused = cgroup.describe_shortage(), cgroup.describe_refused_tasks()
    causes = "; ".join(cause for cause in (shortage, refused) if cause)
    if not causes:
        return verdict
    code: ReasonCode = "out_of_memory" if shortage else verdict.reason_code
    return verdict._replace(reason_code=code, reason=f"{causes}; {verdict.reason}")


def _judge(launch: Launch, supervision: Supervision) -> Verdict:
    """Return as what the execution ends."""
    if supervision.ending is not None:
        return supervision.ending.verdict._replace(reason=supervision.ending.describe())
    if supervision.storage_failure is not None:
        return supervision.storage_failure
    return_code = supervision.return_code or 0
    if return_code == 0:
        return Verdict("successful", "completed", describe_exit(return_code))
    cause = supervision.observer.describe()
    reason = f"{describe_exit(return_code)}: {cause}" if cause else describe_exit(return_code)
    if launch.emits_events and not supervision.observer.play_started:
        return Verdict("failed", "could_not_start", reason)
    return Verdict("failed", "nonzero_exit", reason)


def _compose(verdict: Verdict, **facts: Any) -> dict[str, Any]:
    """Return the terminal record: the fields of ``ExecutionResult``."""
    return {
        "success": verdict.state == "successful",
        "state": verdict.state,
        "return_code": None,
        "reason_code": verdict.reason_code,
        "reason": shorten(verdict.reason),
        "started_at": None,
        "finished_at": time.time(),
        **facts,
    }


def _clean(folder: Folder) -> None:
    """Remove secrets; that something resists is no reason to withhold the end."""
    try:
        remove_secrets(folder)
    except OSError as error:
        _report(error)
    if folder.supervisor_errors.stat().st_size == 0:
        folder.supervisor_errors.unlink()


def _audit(folder: Folder, result: dict[str, Any]) -> None:
    """Write the end to the host's audit log; what fails here the agent does after us."""
    try:
        record_end(folder, result, may_be_there=False)
    except OSError as error:
        _report(error)


def _report(error: Exception) -> None:
    """Leave the details in the folder; the ``traceback`` module would double the start time."""
    sys.excepthook(type(error), error, error.__traceback__)


def _catch_signals() -> int:
    """Let signals do nothing but arrive as bytes on the returned descriptor."""
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda _number, _frame: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return read_fd


def _become_subreaper() -> None:
    """Inherit orphaned descendants, so that none of them can get away."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _announce() -> None:
    """Write down which process holds the lock; from here on it can be signalled."""
    os.set_inheritable(LOCK_FD, False)
    os.pwrite(LOCK_FD, str(os.getpid()).encode(), 0)
