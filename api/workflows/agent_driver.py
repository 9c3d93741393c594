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
from api.core.errors import ConflictError, NotFoundError
from api.executions.service import End, Task
from api.runs.service import Order
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

    async def drive(self, task: Task, order: Order, canceled: asyncio.Event) -> End:
        """Bring a running execution to its end and return that end."""
        try:
            agent = PatientAgent(
                self._calls,
                lambda: self._locate(task),
                await self._locate(task),
                self._clock,
                self._lost_after_s,
            )
            if not await self._has_begun(task):
                inventory = await self._build_inventory(task, order)
                await self._starter.start(agent, task, order, inventory, canceled)
            with self._canceling(agent, task, canceled):
                result = await self._follow(agent, task, order)
        except ExecutionEndedError as ended:
            return ended.end
        except AgentLostError as error:
            return End("lost", "agent_lost", error.message)
        except (NotFoundError, ConflictError) as error:
            return End("failed", "not_installed", error.message, started=False)
        return End(result.state, result.reason_code, result.reason, result.return_code)

    async def acknowledge(self, task: Task) -> None:
        """Tell the agent that all is stored; where it cannot be told, it keeps its copy."""
        try:
            endpoint = await self._locate(task)
            params = AcknowledgeCommandParams(command_id=task.id)
            await self._calls.call(endpoint, ACKNOWLEDGE_COMMAND, params)
        except (AgentError, RpcError, NotFoundError, ConflictError) as error:
            _log.warning("acknowledge_failed", execution=task.id, cause=error.message)
            return
        await self._recorder.acknowledge(task)

    async def _locate(self, task: Task) -> Endpoint:
        if task.host_id is None:
            raise NotFoundError(f"The host {task.host_name} was removed meanwhile.")
        async with self._open_work(read_only=True) as work:
            return await work.host_agents.get_endpoint(task.host_id)

    async def _has_begun(self, task: Task) -> bool:
        """Say whether the agent is known to have begun: then it must not be started once more."""
        return task.last_event > 0 or await self._recorder.get_log_size(task) > 0

    async def _build_inventory(self, task: Task, order: Order) -> dict[str, object]:
        if order.kind != "playbook":
            return {}
        async with self._open_work(read_only=True) as work:
            return await work.hosts.build_inventory(task.host_name)

    async def _follow(self, agent: PatientAgent, task: Task, order: Order) -> ExecutionResult:
        follower = Follower(agent, self._recorder, self._clock, task)
        try:
            return await follower.follow(has_events=order.kind == "playbook")
        except RpcError as error:
            reason = f"The agent of {task.host_name} cannot say how it ended: {error.message}"
            raise ExecutionEndedError(End("lost", "agent_lost", reason)) from error

    @contextlib.contextmanager
    def _canceling(
        self, agent: PatientAgent, task: Task, canceled: asyncio.Event
    ) -> Iterator[None]:
        """While the block lasts, tell the agent to cancel as soon as somebody asks for it."""
        watching = asyncio.create_task(_cancel_when_asked(agent, task, canceled))
        try:
            yield
        finally:
            watching.cancel()


async def _cancel_when_asked(agent: PatientAgent, task: Task, canceled: asyncio.Event) -> None:
    """Wait for the wish and pass it on; how it ends is for the follower to find out."""
    await canceled.wait()
    try:
        await agent.call(CANCEL_COMMAND, CancelCommandParams(command_id=task.id))
    except (RpcError, AgentLostError) as error:
        _log.warning("cancel_failed", execution=task.id, cause=error.message)
