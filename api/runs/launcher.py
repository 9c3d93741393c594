# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a request become a run under way? Everything is checked before anything starts.

Reading a playbook and packing content take time, so they happen before the one transaction that
writes the run with its executions; only when that is committed does the workflow start.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from api.bundles.intake import BundleIntake
from api.bundles.store import BundleStore
from api.core.errors import NotFoundError
from api.executions.changes import Changes
from api.executions.service import Target
from api.hosts.agents import HostAgentService
from api.hosts.service import HostService
from api.runs.errors import BundleUnknownError
from api.runs.orders import build_order, build_ssh_order
from api.runs.playbooks import inspect_playbook
from api.runs.schemas import (
    CommandRunCreate,
    InstallCreate,
    PlaybookRunCreate,
    Run,
    ScriptRunCreate,
    UninstallCreate,
)
from api.runs.service import Idempotency, Order, RunsService
from api.runs.targets import EVERY_HOST, list_patterns


class LaunchWork(Protocol):
    """A unit of work as far as launching needs it."""

    @property
    def runs(self) -> RunsService:
        """The runs."""
        ...

    @property
    def hosts(self) -> HostService:
        """The hosts."""
        ...

    @property
    def host_agents(self) -> HostAgentService:
        """The agents of the hosts."""
        ...


class OpenLaunchWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool = False) -> AbstractAsyncContextManager[LaunchWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class Workflows(Protocol):
    """Carries runs out."""

    async def start(self, run_id: int) -> None:
        """Start carrying out a run."""
        ...

    def cancel(self, run_id: int) -> None:
        """Tell whoever carries the run out that somebody has asked to cancel it."""
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
        bundle_intake: BundleIntake,
        bundle_store: BundleStore,
        workflows: Workflows,
        changes: Changes,
    ) -> None:
        self._open_work = open_work
        self._bundle_intake = bundle_intake
        self._bundle_store = bundle_store
        self._workflows = workflows
        self._changes = changes

    async def launch(
        self,
        request: PlaybookRunCreate | CommandRunCreate | ScriptRunCreate,
        created_by: str,
        idempotency: Idempotency | None,
    ) -> Launched:
        """Start a run on agents; say whether it is new.

        Raises:
            RunInputError: it cannot start as asked.
            IdempotencyConflictError: the key was used for another request.
            NoHostsMatchedError, PatternError: as ``HostService.select_hosts``.
            ContentError, BundleTooLargeError: the content folder cannot be packed.
        """
        repeated = await self._find_repeated(idempotency)
        if repeated is not None:
            return Launched(repeated, is_new=False)
        digest, patterns = None, EVERY_HOST
        if isinstance(request, PlaybookRunCreate):
            digest = request.bundle_digest or await self._bundle_intake.ensure_content_bundle()
            patterns = await self._list_patterns(request, digest)
        targets = await self._select_targets(patterns, request.limit)
        return await self._begin(build_order(request, digest), targets, created_by, idempotency)

    async def launch_ssh(
        self,
        request: InstallCreate | UninstallCreate,
        created_by: str,
        idempotency: Idempotency | None,
    ) -> Launched:
        """Start a run that installs or removes agents; say whether it is new.

        Raises:
            HostNotFoundError: names all hosts that do not exist.
            IdempotencyConflictError: the key was used for another request.
        """
        repeated = await self._find_repeated(idempotency)
        if repeated is not None:
            return Launched(repeated, is_new=False)
        async with self._open_work() as work:
            plans = await work.host_agents.prepare_install(list(dict.fromkeys(request.hosts)))
        targets = [Target(plan.host_id, plan.name) for plan in plans]
        return await self._begin(build_ssh_order(request), targets, created_by, idempotency)

    async def cancel(self, run_id: int) -> Run:
        """Ask to cancel a run; what has not begun ends at once, the rest as its agents answer.

        Raises:
            RunNotFoundError: there is none with that number.
        """
        async with self._open_work() as work:
            canceled = await work.runs.cancel_run(run_id)
        for execution in canceled.ended:
            self._changes.publish_execution(execution)
        self._workflows.cancel(run_id)
        return canceled.run

    async def _find_repeated(self, idempotency: Idempotency | None) -> Run | None:
        if idempotency is None:
            return None
        async with self._open_work(read_only=True) as work:
            return await work.runs.find_repeated(idempotency)

    async def _list_patterns(self, request: PlaybookRunCreate, digest: str) -> list[str]:
        try:
            archive = self._bundle_store.get_archive(digest)
        except NotFoundError as error:
            raise BundleUnknownError(error.message, "bundle_digest") from error
        facts = await asyncio.to_thread(
            inspect_playbook, archive, request.playbook, request.extra_vars
        )
        return list_patterns(facts, request.limit, request.extra_vars)

    async def _select_targets(self, patterns: Sequence[str], limit: str | None) -> list[Target]:
        async with self._open_work(read_only=True) as work:
            members = await work.hosts.select_hosts(patterns, limit)
        return [Target(member.host_id, member.name) for member in members]

    async def _begin(
        self,
        order: Order,
        targets: Sequence[Target],
        created_by: str,
        idempotency: Idempotency | None,
    ) -> Launched:
        async with self._open_work() as work:
            # Once more, inside the transaction: the same request may have come twice at once.
            repeated = idempotency and await work.runs.find_repeated(idempotency)
            if repeated:
                return Launched(repeated, is_new=False)
            run = await work.runs.create_run(order, targets, created_by, idempotency)
        await self._workflows.start(run.id)
        return Launched(run, is_new=True)
