# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of executions whose hosts were given up as lost, and of ends that nobody collected?

As soon as the host is heard of again, its agent is asked what it still holds. A lost execution is
followed to its real end, which then replaces the one that was assumed, in the run as well; and an
agent that could not be told is told that its end is stored. At a start, all such hosts are asked.
"""

import asyncio

import structlog

from agent_runner.protocol.errors import RpcError
from agent_runner.protocol.methods import AcknowledgeCommandParams, CancelCommandParams, NoParams
from api.agents.calls import ACKNOWLEDGE_COMMAND, CANCEL_COMMAND, LIST_COMMANDS, Endpoint
from api.agents.retry import RetryingCalls
from api.core.clock import Clock
from api.core.errors import MyxError
from api.executions.service import End, Task
from api.hosts.errors import AgentNotInstalledError, HostNotFoundError
from api.workflows.follower import Follower
from api.workflows.patience import PatientAgent
from api.workflows.recorder import Recorder
from api.workflows.turns.host_waits import HostWaits
from api.workflows.work import OpenWork

PAUSE_S = 30.0
"""How long to wait after an attempt that failed although the host answers."""

_log = structlog.get_logger(__name__)


class BelatedEnds:
    """Collects ends from hosts that are heard of again; one for the whole process."""

    def __init__(
        self,
        open_work: OpenWork,
        calls: RetryingCalls,
        recorder: Recorder,
        host_waits: HostWaits,
        clock: Clock,
        lost_after_s: float,
    ) -> None:
        self._open_work = open_work
        self._calls = calls
        self._recorder = recorder
        self._host_waits = host_waits
        self._clock = clock
        self._lost_after_s = lost_after_s
        self._collecting: dict[int, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """Ask all hosts of which something is owed."""
        async with self._open_work(read_only=True) as work:
            host_ids = await work.executions.list_owed_hosts()
        for host_id in host_ids:
            self.owe(host_id)

    async def close(self) -> None:
        """Stop; what is owed is asked for at the next start."""
        collecting = list(self._collecting.values())
        for task in collecting:
            task.cancel()
        await asyncio.gather(*collecting, return_exceptions=True)

    def owe(self, host_id: int) -> None:
        """Ask the agent of a host as soon as it is heard of."""
        if host_id not in self._collecting:
            task = asyncio.create_task(self._collect(host_id))
            self._collecting[host_id] = task
            task.add_done_callback(lambda _task: self._collecting.pop(host_id, None))

    async def _collect(self, host_id: int) -> None:
        """Ask until nothing is owed any more."""
        while True:
            await self._host_waits.wait(host_id, "offline")
            if await self._try_to_collect(host_id):
                return
            await self._clock.sleep(PAUSE_S)

    async def _try_to_collect(self, host_id: int) -> bool:
        """Collect what is owed; return whether there will be nothing more."""
        try:
            while await self._collect_once(host_id):
                pass
        except (HostNotFoundError, AgentNotInstalledError):
            return True
        except (MyxError, RpcError) as error:
            _log.warning("ends_not_collected", host_id=host_id, cause=error.message)
            return False
        except Exception:  # noqa: BLE001 - tried again when the host is next heard of
            _log.exception("ends_not_collected", host_id=host_id)
            return False
        return True

    async def _collect_once(self, host_id: int) -> bool:
        """Collect what is owed now; return whether there was anything."""
        async with self._open_work(read_only=True) as work:
            owed = await work.executions.list_owed(host_id)
            endpoint = await work.host_agents.get_endpoint(host_id)
        if owed:
            await self._collect_all(owed, endpoint)
        return bool(owed)

    async def _collect_all(self, owed: list[Task], endpoint: Endpoint) -> None:
        answer = await self._calls.call(endpoint, LIST_COMMANDS, NoParams())
        held = {command.command_id for command in answer.commands}
        lost = [task for task in owed if task.status == "lost" and task.id in held]
        others = [task for task in owed if task not in lost]
        await self._settle([task for task in others if task.id in held], endpoint)
        # What the agent does not know any more, nobody will ever hear of.
        await self._recorder.acknowledge([task.id for task in others if task.id not in held])
        async with asyncio.TaskGroup() as group:
            for task in lost:
                group.create_task(self._correct(task, endpoint))

    async def _correct(self, task: Task, endpoint: Endpoint) -> None:
        """Follow an execution that was given up to its real end."""
        agent = PatientAgent(
            self._calls,
            lambda: self._locate(task),
            endpoint,
            self._clock,
            self._lost_after_s,
        )
        async with self._open_work(read_only=True) as work:
            run = await work.runs.get_run(task.run_id)
            canceller = await work.runs.find_canceller(task.run_id)
        if canceller is not None:
            params = CancelCommandParams(command_id=task.id, principal=canceller)
            await agent.call(CANCEL_COMMAND, params)
        has_events = run.kind == "playbook"
        follower = Follower(agent, self._recorder, self._clock, task)
        try:
            result = await follower.follow(has_events=has_events)
        except RpcError as error:
            # It does not know the rest: what is stored here is all that will ever be.
            _log.warning("end_not_known", execution=task.id, cause=error.message)
            await self._recorder.acknowledge([task.id])
            return
        reason = f"{result.reason} It was given up as lost before its host was heard of again."
        end = End(result.state, result.reason_code, reason, result.return_code)
        await self._recorder.correct(task, end, has_events=has_events)
        await self._settle([task], endpoint)

    async def _settle(self, tasks: list[Task], endpoint: Endpoint) -> None:
        """Tell the agent that their ends are stored."""
        for task in tasks:
            params = AcknowledgeCommandParams(command_id=task.id)
            await self._calls.call(endpoint, ACKNOWLEDGE_COMMAND, params)
        await self._recorder.acknowledge([task.id for task in tasks])

    async def _locate(self, task: Task) -> Endpoint:
        async with self._open_work(read_only=True) as work:
            return await work.host_agents.get_endpoint(task.host_id or 0)
