# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of an execution whose supervisor is gone and has left no terminal record?

It ends as ``lost`` with the reason, once, and what still runs of it is ended where it can be
found: by its scope, by the marker in its environment, and by descent from the program.
"""

import logging
import os
import select
import time
from pathlib import Path

from agent_runner.executions.folder import Folder, find_json, remove_secrets, write_result
from agent_runner.executions.processes import (
    Process,
    identify,
    kill,
    list_descendants,
    list_in_unit,
    list_marked,
    open_pidfd,
)
from agent_runner.executions.supervisor.scope.entering import name_scope
from agent_runner.executions.supervisor.tail import append_tail, count_tail
from agent_runner.logs.events import trim_events
from agent_runner.protocol.segments import SegmentWriter

KILL_WAIT_S = 1.0
"""How long killed processes get to disappear before the next look."""

MAX_ROUNDS = 10
"""After so many looks what is left cannot be killed (it waits for broken hardware)."""

_logger = logging.getLogger(__name__)


def read_boot_id() -> str:
    """Return what changes with each start of the host."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def close_lost(folder: Folder) -> None:
    """End an execution that nobody watches; the caller holds its lock.

    Raises:
        OSError: the terminal record cannot be written.
    """
    if folder.result.exists():
        return
    request = find_json(folder.request) or {}
    child = find_json(folder.child)
    rebooted = request.get("boot_id") not in (None, read_boot_id())
    ended = 0 if rebooted else _end_leftovers(folder, _find_program(child))
    try:
        remove_secrets(folder)
    except OSError as error:
        _logger.warning("secrets_not_removed", extra={"id": folder.command_id, "error": str(error)})
    log_bytes, dropped_bytes = _complete_log(folder)
    write_result(
        folder,
        {
            "success": False,
            "state": "lost",
            "return_code": None,
            "reason_code": "interrupted" if rebooted else "supervisor_died",
            "reason": _describe(rebooted=rebooted, started=child is not None, ended=ended),
            "started_at": child["started_at"] if child else None,
            "finished_at": time.time(),
            "ended_processes": ended,
            "log_bytes": log_bytes,
            "dropped_bytes": dropped_bytes,
        },
    )


def _complete_log(folder: Folder) -> tuple[int, int]:
    """Bring log and events into a state that can be read to the end.

    Returns:
        The size of the log, and how many bytes of output are missing from it.
    """
    trim_events(folder.events, folder.events_index)
    if not folder.log.exists():
        return 0, 0
    writer = SegmentWriter(folder.log, folder.log_index)
    try:
        missing = append_tail(folder.tail, writer)
    except OSError as error:  # a full disk; the end must be written down all the same
        _logger.warning("tail_not_kept", extra={"id": folder.command_id, "error": str(error)})
        missing = count_tail(folder.tail)
    finally:
        writer.close()
    return writer.size, missing


def _describe(*, rebooted: bool, started: bool, ended: int) -> str:
    if rebooted:
        return "the host was restarted before it had ended"
    if not started:
        return "the agent or its supervisor was killed before the program was started"
    return f"its supervisor was killed; {ended} process{'' if ended == 1 else 'es'} ended"


def _find_program(child: dict[str, int] | None) -> Process | None:
    """Return the program if it is still the process that was noted."""
    if child is None:
        return None
    process = identify(child["pid"])
    return process if process and process.started_ticks == child["started_ticks"] else None


def _end_leftovers(folder: Folder, program: Process | None) -> int:
    ended: set[Process] = set()
    for _ in range(MAX_ROUNDS):
        found = {*list_marked(folder.path), *list_in_unit(name_scope(folder.command_id))}
        if program is not None and identify(program.pid) == program:
            found.update(list_descendants(program))
        if not found:
            break
        ended |= found
        kill(found)
        _wait_for_all(found)
    return len(ended)


def _wait_for_all(processes: set[Process]) -> None:
    """Return when the processes are gone, or after a while."""
    give_up_at = time.monotonic() + KILL_WAIT_S
    for process in processes:
        pidfd = open_pidfd(process)
        if pidfd is None:
            continue
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.poll(max(0.0, give_up_at - time.monotonic()) * 1000)
        os.close(pidfd)
