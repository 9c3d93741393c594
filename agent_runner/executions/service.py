# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be asked of the executions on this host? The one interface to this package."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Collection, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

from agent_runner.audit import AUDIT_NAME, AuditLog
from agent_runner.config import Limits
from agent_runner.executions.admission import Admission
from agent_runner.executions.changes import Changes
from agent_runner.executions.folder import Folder, write_cancel
from agent_runner.executions.following import Follower
from agent_runner.executions.nursery.supervisors import Supervisors
from agent_runner.executions.registry import Registry
from agent_runner.executions.rotation.aging import read_uptime
from agent_runner.executions.rotation.rotator import Rotator
from agent_runner.executions.spool import find_result, locate_spool, signal_supervisor
from agent_runner.executions.starting import Starter
from agent_runner.executions.unkept.idling import IDLE_S, Idling
from agent_runner.executions.unkept.spools import Spools
from agent_runner.protocol.errors import InvalidParamsError
from agent_runner.protocol.methods import (
    AcknowledgeCommandParams,
    AcknowledgeCommandResult,
    CancelCommandParams,
    CancelCommandResult,
    ExecuteAnsibleParams,
    ExecuteCommandParams,
    GetCommandLogParams,
    GetCommandLogResult,
    GetEventsParams,
    GetEventsResult,
    Kind,
    RunningExecution,
    StartResult,
    State,
    WarmStatus,
)

UNKEPT_NAME = "unkept"
"""The folder's name of commands that are not kept."""

_logger = logging.getLogger(__name__)


class Ways(NamedTuple):
    """How executions are started.

    Attributes:
        in_scopes: give each a scope of systemd's, and in it the limits for one.
        warm: fork playbooks from a process that has loaded Ansible, where that can be done.
        unkept_dir: where commands lie that are not kept, in memory at best; without one in the
            state directory.
        unkept_idle_s: they are ended when nobody has asked for them for so long.
    """

    in_scopes: bool = False
    warm: bool = False
    unkept_dir: Path | None = None
    unkept_idle_s: float = IDLE_S


class Executions:
    """Starts, follows, cancels and remembers what runs on this host.

    Executions are processes of their own: they go on while no object of this class exists, and
    the next one finds them again in the spool.

    Args:
        state_dir: one folder per execution lies in its folder ``executions``.
        policy_path: what the host's administrator allows; may be missing.
        resolve_bundle: returns the folder of a content bundle by its digest, or raises
            ``BundleMissingError``.
        trim_bundles: removes content that was not used for long; is given the digests of what
            living executions use.
        limits: what may be used of the host.
        ways: how they are started.
        clock: seconds since the epoch, for the age of what has ended.
        uptime: seconds since the host's start, which tell when the clock leaps.
    """

    def __init__(
        self,
        *,
        state_dir: Path,
        policy_path: Path,
        resolve_bundle: Callable[[str], Path],
        trim_bundles: Callable[[Collection[str]], None],
        limits: Limits,
        ways: Ways | None = None,
        clock: Callable[[], float] = time.time,
        uptime: Callable[[], float] = read_uptime,
    ) -> None:
        ways = ways or Ways()
        unkept = (ways.unkept_dir or state_dir).resolve() / UNKEPT_NAME
        self._spools = spools = Spools(locate_spool(state_dir), unkept)
        self._changes = Changes()
        self._supervisors = Supervisors(warm=ways.warm)
        self._registry = Registry(spools, self._changes, self._note_end)
        self._idling = Idling(spools.unkept, self._registry, ways.unkept_idle_s)
        admission = Admission(spools.kept.path, policy_path, self._registry, limits)
        self._audit = AuditLog(state_dir.resolve() / AUDIT_NAME)
        self._starter = Starter(
            spools,
            self._registry,
            admission,
            self._audit,
            self._supervisors,
            resolve_bundle,
            limits,
            in_scopes=ways.in_scopes,
        )
        self._follower = Follower(spools, self._changes)
        self._rotator = Rotator(spools.kept, self._registry, trim_bundles, limits, clock, uptime)
        self._starting: set[asyncio.Task[bool]] = set()

    async def open(self) -> None:
        """Re-attach to what runs, and close what died without a record."""
        self._spools.open()
        self._changes.open(self._spools.kept.socket_path)
        await self._registry.open()
        self._supervisors.open()
        self._rotator.open()
        self._idling.open()

    async def close(self) -> None:
        """Let go of everything; what runs goes on."""
        await asyncio.gather(*self._starting, return_exceptions=True)
        await self._supervisors.close()
        await self._idling.close()
        await self._rotator.close()
        await self._registry.close()
        self._changes.close()

    async def start_command(self, params: ExecuteCommandParams) -> StartResult:
        """Start a command or script, once; see ``Starter.start_command`` for what is refused."""
        return await self._start(params.command_id, self._start_command(params))

    async def start_playbook(self, params: ExecuteAnsibleParams) -> StartResult:
        """Start a playbook, once; see ``Starter.start_playbook`` for what is refused."""
        return await self._start(params.command_id, self._starter.start_playbook(params))

    async def read_log(self, params: GetCommandLogParams) -> GetCommandLogResult:
        """Return a piece of a log; see ``Follower.read_log``."""
        self._idling.note_question(params.command_id)
        answer = await self._follower.read_log(params)
        self._idling.note_question(params.command_id)
        return answer

    async def read_events(self, params: GetEventsParams) -> GetEventsResult:
        """Return events; see ``Follower.read_events``."""
        return await self._follower.read_events(params)

    async def cancel(self, params: CancelCommandParams) -> CancelCommandResult:
        """Ask for the end of an execution; the end itself is read from its log.

        Raises:
            UnknownExecutionError: no such execution.
            LogGoneError: it has ended long ago and was removed.
        """
        folder = self._spools.get(params.command_id)
        if find_result(folder) is None:
            write_cancel(folder, params.reason)
            signal_supervisor(folder, signal.SIGTERM)
            await asyncio.to_thread(self._note_cancel, params)
        return CancelCommandResult(command_id=params.command_id, status=self._find_state(folder))

    def _note_cancel(self, params: CancelCommandParams) -> None:
        """Write it to the host's audit log; the execution ends also where that fails."""
        facts = {"principal": params.principal, "reason": params.reason}
        try:
            self._audit.write("cancel", params.command_id, facts)
        except OSError as error:
            _logger.warning("not_audited", extra={"id": params.command_id, "error": str(error)})

    async def acknowledge(self, params: AcknowledgeCommandParams) -> AcknowledgeCommandResult:
        """Note that the caller has stored everything of an execution that has ended.

        Raises:
            UnknownExecutionError: no such execution.
            InvalidParamsError: it has not ended.
        """
        if self._spools.find_removed(params.command_id) is not None:
            return AcknowledgeCommandResult(command_id=params.command_id)
        folder = self._spools.get(params.command_id)
        if find_result(folder) is None:
            raise InvalidParamsError(
                f"command_id: '{params.command_id}' has not ended; acknowledge it when its log"
                " is final"
            )
        folder.acknowledged.touch(mode=0o600)
        self._registry.acknowledge(params.command_id)
        if self._spools.is_kept(folder):
            self._rotator.note_acknowledged(folder)
        else:
            self._idling.note_acknowledged(params.command_id)
        return AcknowledgeCommandResult(command_id=params.command_id)

    async def rotate(self) -> None:
        """Remove what was kept long enough now; it also happens by itself (see ``rotation``)."""
        await self._rotator.rotate()

    def list_executions(self) -> list[RunningExecution]:
        """Return what runs, then what has ended and is not acknowledged."""
        return self._registry.list_all()

    def describe_warm(self) -> WarmStatus:
        """Return how playbooks are started."""
        return self._supervisors.warm.describe()

    async def _start_command(self, params: ExecuteCommandParams) -> bool:
        created = await self._starter.start_command(params)
        if created and not params.keep:
            self._idling.note_start(params.command_id)
        return created

    async def _start(self, command_id: str, starting: Coroutine[Any, Any, bool]) -> StartResult:
        """See a start through to its end, whatever becomes of the caller."""
        task = asyncio.create_task(starting)
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        created = await asyncio.shield(task)
        state = self._find_state(self._spools.locate(command_id))
        return StartResult(status=state, command_id=command_id, created=created)

    def _note_end(self, folder: Folder, kind: Kind) -> None:
        if kind == "playbook":
            self._supervisors.warm.note_end(folder)
        if not self._spools.is_kept(folder):
            self._idling.note_end()

    def _find_state(self, folder: Folder) -> State:
        result = find_result(folder)
        if result is not None:
            return result.state
        removed = self._spools.find_removed(folder.command_id)
        return removed or ("running" if folder.request.exists() else "pending")
