# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a run steered from outside: paused, resumed, tried again? By whoever may."""

from api.auth.asking import ask
from api.auth.permissions import CANCEL_RUNS, INSTALL_AGENTS, START_RUNS
from api.auth.principals import Principal
from api.auth.scopes import name_template
from api.executions.changes import Changes
from api.runs.launcher import Launched, OpenLaunchWork, RunLauncher, Workflows, require_own
from api.runs.orders import Idempotency
from api.runs.schemas import Run
from api.runs.service import ONE_OFF_KINDS


class RunSteering:
    """Steers runs; one for the whole process."""

    def __init__(
        self,
        open_work: OpenLaunchWork,
        launcher: RunLauncher,
        workflows: Workflows,
        changes: Changes,
    ) -> None:
        self._open_work = open_work
        self._launcher = launcher
        self._workflows = workflows
        self._changes = changes

    async def pause(self, run_id: int, principal: Principal) -> Run:
        """Let nothing new start; what runs goes on.

        Raises:
            RunNotFoundError: there is none with that number within reach.
            RunEndedError: it has ended.
            RunReportedError: it was started elsewhere.
            PermissionDeniedError: names its hosts that are out of the principal's reach.
        """
        await self._check(run_id, principal)
        async with self._open_work() as work:
            await work.run_control.pause_run(run_id, principal.name)
            await work.audit.record("pause_run", "runs", run_id)
            run = await work.runs.get_run(run_id)
        return self._pass_on(run)

    async def resume(self, run_id: int, principal: Principal) -> Run:
        """Let a paused run go on; raises likewise."""
        await self._check(run_id, principal)
        async with self._open_work() as work:
            await work.run_control.resume_run(run_id)
            await work.audit.record("resume_run", "runs", run_id)
            run = await work.runs.get_run(run_id)
        return self._pass_on(run)

    async def retry(
        self, run_id: int, principal: Principal, idempotency: Idempotency | None
    ) -> Launched:
        """Start a run for the hosts of another one that did not succeed there.

        Raises:
            RunNotFoundError: there is none with that number within reach.
            RunNotEndedError, NothingToRetryError: there is nothing to try again.
            RunReportedError: it was started elsewhere.
            SecretsForgottenError: its variables or credentials are not kept any more.
            IdempotencyConflictError: the key was used for another request.
            PermissionDeniedError: names the hosts that the principal may not run it on.
        """
        repeated = await self._launcher.find_repeated(idempotency)
        if repeated is not None:
            return Launched(repeated, is_new=False)
        scope = principal.scope_of(START_RUNS)
        async with self._open_work(read_only=True, scope=scope) as work:
            require_own(await work.runs.get_run(run_id))
        async with self._open_work(read_only=True) as work:
            targets = await work.run_control.list_retry_targets(run_id)
            order = await work.runs.read_retry(run_id)
        permission = INSTALL_AGENTS if order.kind in ONE_OFF_KINDS else START_RUNS
        asker = ask(
            principal,
            permission,
            name_template(order.kind, order.name),
            brings_content=order.spec.get("brings_content", False),
        )
        return await self._launcher.begin(order, targets, asker, idempotency)

    async def _check(self, run_id: int, principal: Principal) -> None:
        """Make sure that the principal may steer the run on all its hosts."""
        async with self._open_work(read_only=True, scope=principal.scope_of(CANCEL_RUNS)) as work:
            run = require_own(await work.runs.get_run(run_id))
        asker = ask(principal, CANCEL_RUNS, name_template(run.kind, run.name))
        async with self._open_work(read_only=True) as work:
            await work.host_selection.check_reach(asker, await work.runs.list_host_ids(run_id))

    def _pass_on(self, run: Run) -> Run:
        """Tell everybody that somebody wants something else of a run."""
        self._workflows.look_again(run.id)
        self._changes.publish_run(run.id)
        return run
