# SPDX-License-Identifier: GPL-3.0-or-later
"""How does an accepted request become a supervised execution, exactly once?"""

import asyncio
import errno
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent_runner.audit import AuditLog, describe_command, describe_playbook, record_end
from agent_runner.config import Limits
from agent_runner.executions.admission import Admission
from agent_runner.executions.closing import read_boot_id
from agent_runner.executions.commands import check_command, prepare_command
from agent_runner.executions.folder import Folder, sync_directory, write_json_durably
from agent_runner.executions.nursery.supervisors import Supervisors
from agent_runner.executions.playbooks.preparation import check_playbook_path, prepare_playbook
from agent_runner.executions.registry import Registry
from agent_runner.executions.spawn import Started
from agent_runner.executions.spool import Spool
from agent_runner.executions.supervisor.launch import Launch, Scope, write_launch
from agent_runner.executions.unkept.spools import Spools
from agent_runner.protocol.errors import BundleMissingError, DiskFullError, RpcError
from agent_runner.protocol.methods import ExecuteAnsibleParams, ExecuteCommandParams
from agent_runner.tracing import get_request_id

_logger = logging.getLogger(__name__)

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Starter:
    """Prepares executions and hands them to supervisors."""

    def __init__(
        self,
        spools: Spools,
        registry: Registry,
        admission: Admission,
        audit: AuditLog,
        supervisors: Supervisors,
        resolve_bundle: Callable[[str], Path],
        limits: Limits,
        *,
        in_scopes: bool,
    ) -> None:
        self._spools = spools
        self._registry = registry
        self._admission = admission
        self._audit = audit
        self._supervisors = supervisors
        self._resolve_bundle = resolve_bundle
        self._limits = limits
        self._scope = build_scope(limits) if in_scopes else None

    async def start_command(self, params: ExecuteCommandParams) -> bool:
        """Start a command or script; return False where an execution with that id exists.

        Raises:
            BusyError: too many run.
            DiskFullError: too little room.
            InvalidParamsError: an argument, the script's name or the account cannot be used.
            PolicyRefusedError: the host's administrator forbids it.
        """
        if self._spools.has(params.command_id):
            return False
        facts = {**describe_command(params), "request_id": get_request_id()}
        with self._noting_refusals(params.command_id, facts):
            check_command(params)
            self._admission.check_command(params)
            return await self._start(
                self._spools.choose(keep=params.keep),
                params.command_id,
                {"command": params.command, "keep": params.keep, "audit": facts},
                lambda folder: prepare_command(folder, params, self._limits),
            )

    async def start_playbook(self, params: ExecuteAnsibleParams) -> bool:
        """Start a playbook; return False where an execution with that id exists.

        Raises:
            BundleMissingError: the content is not here.
            BusyError: too many run.
            DiskFullError: too little room.
            InvalidParamsError: the playbook's path or the inventory cannot be used.
            PolicyRefusedError: the host's administrator forbids it.
        """
        if self._spools.has(params.command_id):
            return False
        facts = {**describe_playbook(params), "request_id": get_request_id()}
        with self._noting_refusals(params.command_id, facts):
            check_playbook_path(params.playbook)
            self._admission.check_playbook()
            bundle = await asyncio.to_thread(self._resolve_bundle, params.bundle)
            return await self._start(
                self._spools.kept,
                params.command_id,
                {"playbook": params.playbook, "limit": params.limit, "audit": facts},
                lambda folder: prepare_playbook(
                    folder, bundle, params, self._limits, warm=self._supervisors.warm.is_on
                ),
            )

    @contextmanager
    def _noting_refusals(self, command_id: str, facts: dict[str, Any]) -> Iterator[None]:
        """Write a refusal to the host's audit log; missing content is none, it is sent next."""
        try:
            yield
        except BundleMissingError:
            raise
        except RpcError as error:
            code = _CAPITAL.sub("_", type(error).__name__.removesuffix("Error")).lower()
            ends = {"result": "refused", "reason_code": code, "rule": error.data.get("rule")}
            try:
                self._audit.write("refuse", command_id, {**facts, **ends})
            except OSError as failure:
                _logger.warning("not_audited", extra={"id": command_id, "error": str(failure)})
            raise

    async def _start(
        self,
        spool: Spool,
        command_id: str,
        request: dict[str, Any],
        prepare: Callable[[Folder], Launch],
    ) -> bool:
        self._admission.check_room(request["audit"]["kind"])
        try:
            created = spool.create(command_id)
            if created is None:
                return False
            await self._supervise(spool, *created, request, prepare)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise DiskFullError(self._admission.describe_room(spool.path)) from error
            raise
        return True

    async def _supervise(
        self,
        spool: Spool,
        folder: Folder,
        lock_fd: int,
        request: dict[str, Any],
        prepare: Callable[[Folder], Launch],
    ) -> None:
        """Hand a new folder over to a supervisor, or remove it again."""
        entry = self._registry.begin(folder, request["audit"]["kind"])
        try:
            launch = await asyncio.to_thread(self._write_order, folder, request, prepare)
            supervisor = await self._spawn(folder, lock_fd, launch)
        except BaseException:
            self._registry.forget(folder.command_id)
            spool.discard(folder)
            raise
        finally:
            os.close(lock_fd)
        self._registry.watch(entry, supervisor)

    def _write_order(
        self, folder: Folder, request: dict[str, Any], prepare: Callable[[Folder], Launch]
    ) -> Launch:
        """Write down what was asked so that not even a power cut lets it run twice."""
        launch = prepare(folder)._replace(scope=self._scope)
        write_launch(folder, launch)
        stamps = {"boot_id": read_boot_id(), "accepted_at": time.time()}
        kind, audit_log = request["audit"]["kind"], str(self._audit.path)
        request = {"kind": kind, **request, **stamps, "audit_log": audit_log}
        write_json_durably(folder.request, request)
        sync_directory(folder.path.parent)
        durable = request.get("keep", True)
        self._audit.write("start", folder.command_id, request["audit"], durable=durable)
        return launch

    async def _spawn(self, folder: Folder, lock_fd: int, launch: Launch) -> Started:
        """Start the supervisor; where that fails, the start in the audit log gets its end."""
        try:
            return await self._supervisors.spawn(folder, lock_fd, launch)
        except OSError:
            result = {"state": "failed", "reason_code": "could_not_start"}
            record_end(folder, result, may_be_there=False)
            raise


def build_scope(limits: Limits) -> Scope:
    """Return what one execution may use of the host."""
    return Scope(
        limits.execution_memory_max_bytes,
        limits.execution_cpu_percent,
        limits.execution_tasks_max,
    )
