# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a request become a run under way? Everything is checked before anything starts.

Reading a playbook and packing content take time, so they happen before the one transaction that
writes the run with its executions; only when that is committed does the workflow start.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import structlog

from api.audit.service import AuditService
from api.auth.asking import Asker, ask
from api.auth.permissions import CANCEL_RUNS, INSTALL_AGENTS, START_RUNS
from api.auth.principals import Principal
from api.auth.scopes import EVERYTHING, Scope, name_template
from api.executions.changes import Changes
from api.executions.service import Target
from api.hosts.agents import HostAgentService
from api.hosts.selection.service import HostSelectionService
from api.hosts.service import HostService
from api.hosts.targets import Selector
from api.runs.errors import RunReportedError
from api.runs.launching.orders import build_order, build_ssh_order
from api.runs.launching.preparing import RunPreparer
from api.runs.orders import Idempotency, Order
from api.runs.rollout.control import RunControlService
from api.runs.rollout.preview import Preview, build_preview
from api.runs.rollout.schemas import Rollout
from api.runs.rollout.waves import arrange, number_waves, settle_seed
from api.runs.schemas import (
    CommandRunCreate,
    InstallCreate,
    PlaybookRunCreate,
    Run,
    ScriptRunCreate,
    UninstallCreate,
)
from api.runs.service import RunsService

_log = structlog.stdlib.get_logger(__name__)


class LaunchWork(Protocol):
    """A unit of work as far as launching needs it."""

    @property
    def runs(self) -> RunsService:
        """The runs."""
        ...

    @property
    def run_control(self) -> RunControlService:
        """The control of runs."""
        ...

    @property
    def host_selection(self) -> HostSelectionService:
        """Choices among the hosts."""
        ...

    @property
    def hosts(self) -> HostService:
        """The hosts."""
        ...

    @property
    def host_agents(self) -> HostAgentService:
        """The agents of the hosts."""
        ...

    @property
    def audit(self) -> AuditService:
        """Who did what."""
        ...


class OpenLaunchWork(Protocol):
    """Opens a unit of work."""

    def __call__(
        self, *, read_only: bool = False, scope: Scope = EVERYTHING
    ) -> AbstractAsyncContextManager[LaunchWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class Workflows(Protocol):
    """Carries runs out."""

    async def start(self, run_id: int) -> None:
        """Start carrying out a run."""
        ...

    def look_again(self, run_id: int) -> None:
        """Tell whoever carries the run out that somebody wants something else of it."""
        ...


class Launched(NamedTuple):
    """What became of a request for a run."""

    run: Run
    is_new: bool
    """False where the same request had started it before."""


class RunLauncher:
    """Launches and cancels runs; one for the whole process."""

    def __init__(
        self,
        open_work: OpenLaunchWork,
        preparer: RunPreparer,
        workflows: Workflows,
        changes: Changes,
    ) -> None:
        self._open_work = open_work
        self._preparer = preparer
        self._workflows = workflows
        self._changes = changes

    async def launch(
        self,
        request: PlaybookRunCreate | CommandRunCreate | ScriptRunCreate,
        principal: Principal,
        idempotency: Idempotency | None,
    ) -> Launched:
        """Start a run on agents; say whether it is new.

        Raises:
            PermissionDeniedError: names the hosts that the principal may not run it on.
            RunInputError: it cannot start as asked.
            ArgumentsInvalidError: names all variables that do not fit the playbook's arguments.
            IdempotencyConflictError: the key was used for another request.
            NoHostsMatchedError, PatternError: as ``HostSelectionService.select_hosts``.
            ContentError, BundleTooLargeError: the content folder cannot be packed.
        """
        repeated = await self.find_repeated(idempotency)
        if repeated is not None:
            return Launched(repeated, is_new=False)
        order, targets, asker = await self._prepare(request, principal)
        return await self.begin(order, targets, asker, idempotency)

    async def launch_ssh(
        self,
        request: InstallCreate | UninstallCreate,
        principal: Principal,
        idempotency: Idempotency | None,
    ) -> Launched:
        """Start a run that installs or removes agents; say whether it is new.

        Raises:
            PermissionDeniedError: names the hosts that the principal may not do it on.
            HostNotFoundError: names all hosts that do not exist.
            IdempotencyConflictError: the key was used for another request.
        """
        repeated = await self.find_repeated(idempotency)
        if repeated is not None:
            return Launched(repeated, is_new=False)
        order = build_ssh_order(request)
        asker = ask(principal, INSTALL_AGENTS, name_template(order.kind, order.name))
        async with self._open_work() as work:
            plans = await work.host_agents.prepare_install(list(dict.fromkeys(request.hosts)))
            await work.host_selection.check_reach(asker, [plan.host_id for plan in plans])
        targets = [Target(plan.host_id, plan.name) for plan in plans]
        return await self.begin(order, targets, asker, idempotency)

    async def cancel(self, run_id: int, principal: Principal) -> Run:
        """Ask to cancel a run; what has not begun ends at once, the rest as its agents answer.

        Raises:
            RunNotFoundError: there is none with that number within reach.
            RunReportedError: it was started elsewhere.
            PermissionDeniedError: names its hosts that are out of the principal's reach.
        """
        scope = principal.scope_of(CANCEL_RUNS)
        async with self._open_work(read_only=True, scope=scope) as work:
            run = require_own(await work.runs.get_run(run_id))
        asker = ask(principal, CANCEL_RUNS, name_template(run.kind, run.name))
        async with self._open_work() as work:
            await work.host_selection.check_reach(asker, await work.runs.list_host_ids(run_id))
            canceled = await work.runs.cancel_run(run_id, principal.name)
            await work.audit.record("cancel_run", "runs", run_id)
        for execution in canceled.ended:
            self._changes.publish_execution(execution)
        self._workflows.look_again(run_id)
        return canceled.run

    async def preview(
        self,
        request: PlaybookRunCreate | CommandRunCreate | ScriptRunCreate,
        principal: Principal,
    ) -> Preview:
        """Say what a run would do, without starting it; raises as ``launch``."""
        order, targets, asker = await self._prepare(request, principal)
        rollout = settle_seed(request.rollout)
        arranged = _arrange(targets, rollout)
        host_ids = [target.host_id for target in targets]
        async with self._open_work(read_only=True) as work:
            await work.host_selection.check_reach(asker, host_ids)
            standings = await work.hosts.list_standings(host_ids)
        return build_preview(order.bundle_digest, rollout, arranged, standings)

    async def settle_name(
        self, request: PlaybookRunCreate | CommandRunCreate | ScriptRunCreate, principal: Principal
    ) -> PlaybookRunCreate | CommandRunCreate | ScriptRunCreate:
        """Return a request under the name that limits of access know its playbook by.

        It packs content, so no unit of work may be open; who has no limits needs no other name.

        Raises:
            ContentError, BundleTooLargeError: the content folder cannot be packed.
        """
        brings_content = isinstance(request, PlaybookRunCreate) and request.bundle_digest
        if brings_content or principal.scope_of(START_RUNS).is_unlimited:
            return request
        return (await self._preparer.settle_content(request))[0]

    async def _prepare(
        self, request: PlaybookRunCreate | CommandRunCreate | ScriptRunCreate, principal: Principal
    ) -> tuple[Order, list[Target], Asker]:
        """Read the content of a run, choose its hosts, and check its variables."""
        if isinstance(request, PlaybookRunCreate) and request.bundle_digest is not None:
            ask_to_launch(principal, request)  # who may bring no content learns of none
        request, digest = await self._preparer.settle_content(request)
        asker = ask_to_launch(principal, request)
        prepared = await self._preparer.prepare(request, digest)
        targets = await self._select_targets(prepared.content.patterns, request.selector)
        await self._preparer.require_arguments(prepared, targets, asker)
        return build_order(request, prepared, len(targets)), targets, asker

    async def find_repeated(self, idempotency: Idempotency | None) -> Run | None:
        """Return the run that the same request has started before, or None.

        Raises:
            IdempotencyConflictError: the key was used for another request.
        """
        if idempotency is None:
            return None
        async with self._open_work(read_only=True) as work:
            return await work.runs.find_repeated(idempotency)

    async def _select_targets(self, patterns: Sequence[str], selector: Selector) -> list[Target]:
        async with self._open_work(read_only=True) as work:
            members = await work.host_selection.select_hosts(patterns, selector)
        return [Target(member.host_id, member.name) for member in members]

    async def begin(
        self,
        order: Order,
        targets: Sequence[Target],
        asker: Asker,
        idempotency: Idempotency | None,
    ) -> Launched:
        """Write a run down and start it; raises as ``launch``."""
        async with self._open_work() as work:
            # Once more, inside the transaction: the same request may have come twice at once.
            repeated = idempotency and await work.runs.find_repeated(idempotency)
            if repeated:
                return Launched(repeated, is_new=False)
            await work.host_selection.check_reach(asker, [target.host_id for target in targets])
            order = replace(order, rollout=settle_seed(order.rollout))
            arranged = _arrange(targets, order.rollout)
            run = await work.runs.create_run(order, arranged, asker.principal.name, idempotency)
            await work.audit.record("create_run", "runs", run.id, _tell(order, targets))
        _log.info("run_created", run=run.id, kind=order.kind, hosts=len(targets))
        await self._workflows.start(run.id)
        return Launched(run, is_new=True)


def require_own(run: Run) -> Run:
    """Return a run that is carried out from here.

    Raises:
        RunReportedError: it was started elsewhere.
    """
    if run.kind == "reported":
        raise RunReportedError.of(run.id, run.reported_from)
    return run


def _tell(order: Order, targets: Sequence[Target]) -> dict[str, Any]:
    """Tell the audit what is started; not a command's words, which may hold secrets."""
    what = {"playbook": order.name} if order.kind == "playbook" else {}
    return {"kind": order.kind, **what, "limit": order.limit, "hosts": len(targets)}


def ask_to_launch(
    principal: Principal, request: PlaybookRunCreate | CommandRunCreate | ScriptRunCreate
) -> Asker:
    """Return who asks for a run on agents; raises as ``ask``."""
    if not isinstance(request, PlaybookRunCreate):
        return ask(principal, START_RUNS, name_template(request.kind, ""))
    brings_content = request.bundle_digest is not None
    return ask(principal, START_RUNS, request.playbook, brings_content=brings_content)


def _arrange(targets: Sequence[Target], rollout: Rollout) -> list[Target]:
    """Bring hosts into the order in which they go, each with its wave."""
    arranged = arrange([(target.host_name, target) for target in targets], rollout)
    numbers = number_waves(len(arranged), rollout.waves)
    return [replace(target, wave=number) for target, number in zip(arranged, numbers, strict=True)]
