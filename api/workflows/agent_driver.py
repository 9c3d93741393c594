# SPDX-License-Identifier: GPL-3.0-or-later
"""How does an execution get from where it stands to its end, on the agent of its host?

Each step may be done again: a start with the same id starts nothing twice, the log goes on where
our copy ends. So the driver needs no memory of its own, and works alike after any crash.
"""

import asyncio
import contextlib
from collections.abc import Iterator

import structlog

from agent_runner.protocol.errors import RpcError
from agent_runner.protocol.methods import (
    AcknowledgeCommandParams,
    CancelCommandParams,
    ExecutionResult,
)
from api.agents.calls import ACKNOWLEDGE_COMMAND, CANCEL_COMMAND, Endpoint
from api.agents.errors import AgentError
from api.agents.retry import RetryingCalls
from api.core.clock import Clock
from api.executions.service import End, Task
from api.workflows.briefing import Briefing
from api.workflows.errors import AgentLostError, ExecutionEndedError
from api.workflows.follower import Follower
from api.workflows.patience import PatientAgent
from api.workflows.recorder import Recorder
from api.workflows.starting import Starter
from api.workflows.work import OpenWork

_log = structlog.get_logger(__name__)


class AgentDriver:
    """Drives executions of playbooks, commands and scripts; one for the whole process."""

    def __init__(
        self,
        open_work: OpenWork,
        calls: RetryingCalls,
        starter: Starter,
        recorder: Recorder,
        clock: Clock,
        lost_after_s: float,
    ) -> None:
        self._open_work = open_work
        self._calls = calls
        self._starter = starter
        self._recorder = recorder
        self._clock = clock
        self._lost_after_s = lost_after_s

    async def drive(self, briefing: Briefing, canceled: asyncio.Event) -> End:
        """Bring a running execution to its end and return that end."""
        task = briefing.task
        if briefing.endpoint is None:
            return _describe_missing(task)
        agent = PatientAgent(
            self._calls,
            lambda: self._locate(task),
            briefing.endpoint,
            self._clock,
            self._lost_after_s,
        )
        try:
            if not await self._has_begun(task):
                await self._starter.start(agent, briefing, canceled)
            with self._canceling(agent, briefing, canceled):
                result = await self._follow(agent, briefing)
        except ExecutionEndedError as ended:
            return ended.end
        except AgentLostError as error:
            return End("lost", "agent_lost", error.message)
        return End(result.state, result.reason_code, result.reason, result.return_code)

    async def acknowledge(self, briefing: Briefing) -> bool:
        """Tell the agent that all is stored; return whether it knows."""
        if briefing.endpoint is None:
            return False
        try:
            params = AcknowledgeCommandParams(command_id=briefing.task.id)
            await self._calls.call(briefing.endpoint, ACKNOWLEDGE_COMMAND, params)
        except (AgentError, RpcError) as error:
            _log.warning("acknowledge_failed", execution=briefing.task.id, cause=error.message)
            return False
        return True

    async def _locate(self, task: Task) -> Endpoint:
        """Find the agent as it is called by now, which may have moved meanwhile."""
        async with self._open_work(read_only=True) as work:
            return await work.host_agents.get_endpoint(task.host_id or 0)

    async def _has_begun(self, task: Task) -> bool:
        """Say whether the agent is known to have begun: then it must not be started once more."""
        if task.status == "pending":
            return False
        return task.last_event > 0 or await self._recorder.get_log_size(task) > 0

    async def _follow(self, agent: PatientAgent, briefing: Briefing) -> ExecutionResult:
        task = briefing.task
        follower = Follower(agent, self._recorder, self._clock, task)
        try:
            return await follower.follow(has_events=briefing.order.kind == "playbook")
        except RpcError as error:
            reason = f"The agent of {task.host_name} cannot say how it ended: {error.message}"
            raise ExecutionEndedError(End("lost", "agent_lost", reason)) from error

    @contextlib.contextmanager
    def _canceling(
        self, agent: PatientAgent, briefing: Briefing, canceled: asyncio.Event
    ) -> Iterator[None]:
        """While the block lasts, tell the agent to cancel as soon as somebody asks for it."""
        watching = asyncio.create_task(self._cancel_when_asked(agent, briefing, canceled))
        try:
            yield
        finally:
            watching.cancel()

    async def _cancel_when_asked(
        self, agent: PatientAgent, briefing: Briefing, canceled: asyncio.Event
    ) -> None:
        """Wait for the wish and pass it on; how it ends is for the follower to find out."""
        await canceled.wait()
        task = briefing.task
        async with self._open_work(read_only=True) as work:
            canceller = await work.runs.find_canceller(task.run_id)
        params = CancelCommandParams(command_id=task.id, principal=canceller or "")
        try:
            await agent.call(CANCEL_COMMAND, params)
        except (RpcError, AgentLostError) as error:
            _log.warning("cancel_failed", execution=task.id, cause=error.message)


def _describe_missing(task: Task) -> End:
    """Say why an execution cannot begin on a host without an agent."""
    if task.host_id is None:
        reason = f"The host {task.host_name} was removed before it began."
    else:
        reason = (
            f"Host '{task.host_name}' has no agent yet. "
            f"Install it with 'myx host install {task.host_name}'."
        )
    return End("failed", "not_installed", reason, started=False)
