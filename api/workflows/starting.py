# SPDX-License-Identifier: GPL-3.0-or-later
"""How does an execution begin on its host? Where its bundle is missing, that is sent first."""

import asyncio
from functools import partial

from agent_runner.protocol import errors as rpc
from agent_runner.protocol.methods import (
    ExecuteAnsibleParams,
    ExecuteCommandParams,
    NoParams,
    Script,
    StartResult,
)
from api.agents.calls import EXECUTE_ANSIBLE, EXECUTE_COMMAND, HEALTH_CHECK
from api.agents.errors import AgentError
from api.executions.service import End, Hold, Task
from api.executions.states import ReasonCode
from api.runs.orders import Order
from api.workflows.briefing import Briefing
from api.workflows.bundle_sender import BundleSender
from api.workflows.errors import ExecutionEndedError, ExecutionHeldError
from api.workflows.patience import PatientAgent

MAX_BUNDLE_ROUNDS = 3
"""How often a host may say that a bundle it was sent is missing."""

_REASON_BY_ERROR: dict[type[rpc.RpcError], ReasonCode] = {
    rpc.BundleRejectedError: "bundle_rejected",
    rpc.BundleMissingError: "bundle_rejected",
    rpc.DiskFullError: "disk_full",
}


class Starter:
    """Starts executions on agents."""

    def __init__(self, bundles: BundleSender) -> None:
        self._bundles = bundles

    async def start(
        self,
        agent: PatientAgent,
        briefing: Briefing,
        canceled: asyncio.Event,
    ) -> None:
        """Start the execution; starting one that was started before changes nothing.

        Raises:
            ExecutionEndedError: it cannot start.
            ExecutionHeldError: it cannot start now; it has not begun.
            AgentLostError: it may have started, and the agent was not heard of since.
        """
        try:
            await self._start(agent, briefing, canceled)
        except rpc.BusyError as error:
            reason = f"The agent of {briefing.task.host_name}: {error.message}"
            raise ExecutionHeldError(Hold("busy", reason)) from error
        except rpc.RpcError as error:
            reason = f"The agent of {briefing.task.host_name}: {error.message}"
            raise _failed(_REASON_BY_ERROR.get(type(error), "agent_refused"), reason) from error
        except AgentError as error:
            if canceled.is_set():
                raise ExecutionEndedError(
                    End("canceled", "canceled", "Canceled before it began.", started=False)
                ) from error
            if error.reason_code == "unreachable" and briefing.order.rollout.offline == "wait":
                raise ExecutionHeldError(Hold("offline", error.message)) from error
            raise _failed(error.reason_code, error.message) from error

    async def _start(
        self, agent: PatientAgent, briefing: Briefing, canceled: asyncio.Event
    ) -> StartResult:
        # Where a process before this one may have started it, silence is no proof that it has not.
        may_run = briefing.task.status == "running"
        if not may_run:
            # A kept-alive connection to a host that is gone swallows what is sent. Asked first, a
            # host that cannot be reached is known to have begun nothing.
            await agent.try_call(HEALTH_CHECK, NoParams(), canceled)
        call = partial(_call, agent, canceled=canceled, may_run=may_run)
        if briefing.order.kind != "playbook":
            return await call(_build_command(briefing.task, briefing.order))
        params = _build_playbook(briefing)
        for _ in range(MAX_BUNDLE_ROUNDS):
            try:
                return await call(params)
            except rpc.BundleMissingError:
                await self._bundles.send(agent, params.bundle)
        return await call(params)


async def _call(
    agent: PatientAgent,
    params: ExecuteAnsibleParams | ExecuteCommandParams,
    *,
    canceled: asyncio.Event,
    may_run: bool,
) -> StartResult:
    """Start it; where an attempt may have arrived, go on until the agent says so or is lost."""
    try:
        if isinstance(params, ExecuteAnsibleParams):
            return await agent.try_call(EXECUTE_ANSIBLE, params, canceled)
        return await agent.try_call(EXECUTE_COMMAND, params, canceled)
    except AgentError as error:
        if not (may_run or error.maybe_delivered):
            raise
    if isinstance(params, ExecuteAnsibleParams):
        return await agent.call(EXECUTE_ANSIBLE, params)
    return await agent.call(EXECUTE_COMMAND, params)


def _build_command(task: Task, order: Order) -> ExecuteCommandParams:
    spec = order.spec
    if order.kind == "script":
        script = spec["script"]
        return ExecuteCommandParams(
            command=script["name"],
            command_id=task.id,
            principal=order.created_by,
            args=spec["args"],
            user=spec.get("user"),
            timeout=order.timeout_s,
            script=Script(name=script["name"], content=script["content"]),
        )
    program, *args = spec["command"]
    return ExecuteCommandParams(
        command=program,
        command_id=task.id,
        principal=order.created_by,
        args=args,
        user=spec.get("user"),
        timeout=order.timeout_s,
    )


def _build_playbook(briefing: Briefing) -> ExecuteAnsibleParams:
    task, order = briefing.task, briefing.order
    spec = order.spec
    return ExecuteAnsibleParams(
        playbook=spec["playbook"],
        command_id=task.id,
        principal=order.created_by,
        bundle=order.bundle_digest or "",
        inventory=dict(briefing.view.inventory),
        fleet=briefing.view.fleet,
        secrets=[*briefing.view.secrets, *order.secrets.get("masked", ())],
        inventory_hostname=task.host_name,
        extra_vars=order.secrets.get("extra_vars", {}),
        timeout=order.timeout_s,
        check=spec["check"],
        diff=spec["diff"],
        tags=spec["tags"],
        skip_tags=spec["skip_tags"],
        verbosity=spec["verbosity"],
        warm=spec.get("warm", True),
    )


def _failed(code: ReasonCode, reason: str) -> ExecutionEndedError:
    return ExecutionEndedError(End("failed", code, reason, started=False))
