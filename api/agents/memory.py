# SPDX-License-Identifier: GPL-3.0-or-later
"""How do agents behave without hosts? The fake fleet that ships: for tests and load trials.

It keeps the contract of the real agent (a suite in ``tests/contract`` holds it to that) with
executions in memory, whose programs are coroutines instead of processes.
"""

import asyncio
import base64
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import msgspec

from agent_runner import __version__
from agent_runner.protocol import errors as rpc
from agent_runner.protocol import methods as wire
from agent_runner.protocol.credentials import RotateCredentialsParams, RotateCredentialsResult
from agent_runner.protocol.pieces import encode_piece
from api.agents import errors
from api.agents.calls import Endpoint, Method, P, R
from api.agents.memory_files import MemoryFiles
from api.agents.memory_status import REASON_CODES, STATUS, beat
from api.logs.memory import MemoryLogStore

Program = Callable[["MemoryExecution"], Awaitable[int | None]]
"""What an execution does; it returns the exit code, or None to be ended from outside."""


@dataclass
class MemoryExecution:
    """An execution on a fake agent."""

    params: wire.ExecuteCommandParams | wire.ExecuteAnsibleParams
    log: MemoryLogStore = field(default_factory=MemoryLogStore)
    size: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    result: wire.ExecutionResult | None = None
    acknowledged: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    canceled: asyncio.Event = field(default_factory=asyncio.Event)
    canceled_by: str = ""

    async def write(self, data: bytes, log_type: wire.LogType = "stdout") -> None:
        """Write to the log."""
        self.size = await self.log.append(self.params.command_id, self.size, log_type, data)
        await self._tell()

    async def emit(self, event: str, **data: Any) -> None:
        """Emit an event in ansible-runner's form."""
        counter = len(self.events) + 1
        self.events.append({"counter": counter, "event": event, "event_data": data})
        await self._tell()

    async def end(self, return_code: int | None, state: wire.State | None = None) -> None:
        """End it; without a state the exit code decides."""
        if self.result is not None:
            return
        ended = state or ("successful" if return_code == 0 else "failed")
        self.result = wire.ExecutionResult(
            success=ended == "successful",
            state=ended,
            return_code=return_code,
            reason_code=REASON_CODES[ended],
            reason=ended.replace("_", " "),
            started_at=0.0,
            finished_at=0.0,
            log_bytes=self.size,
        )
        await self._tell()

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()


async def run_stand_in(execution: MemoryExecution) -> int | None:
    """Be ``echo``, ``false`` or ``sleep``, as far as tests use them; any playbook is empty."""
    if isinstance(execution.params, wire.ExecuteAnsibleParams):
        await execution.emit("playbook_on_stats", ok={execution.params.inventory_hostname: 1})
        return 0
    match execution.params.command:
        case "echo":
            await execution.write(" ".join(execution.params.args).encode() + b"\n")
            return 0
        case "cat":
            await execution.write(execution.params.stdin)
            return 0
        case "sleep":
            await execution.canceled.wait()
            return None
        case _:
            return 1


@dataclass
class MemoryAgent:
    """The fake agent of one host."""

    endpoint: Endpoint
    program: Program = run_stand_in
    failures: list[Exception] = field(default_factory=list)
    """Raised by the next calls, one each, before anything is done."""
    failures_of: dict[str, list[Exception]] = field(default_factory=dict)
    """Raised by the next calls of a method, in the same way."""
    reachable: bool = True
    executions: dict[str, MemoryExecution] = field(default_factory=dict)
    bundles: dict[str, bytearray] = field(default_factory=dict)
    files: MemoryFiles = field(default_factory=MemoryFiles)
    complete_bundles: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    """The methods that were called, in order."""
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    secret_key: str = ""
    previous_token: str | None = None
    """The token before a rotation, until the new one is seen."""

    def takes(self, token: str) -> bool:
        """Judge a token; the new one ends the one before it."""
        if token == self.endpoint.agent_token:
            self.previous_token = None
            return True
        return token == self.previous_token

    async def answer(self, name: str, params: wire.Message) -> wire.Result:
        """Answer a call."""
        self.calls.append(name)
        for failures in (self.failures, self.failures_of.get(name, [])):
            if failures:
                raise failures.pop(0)
        found = getattr(self, f"_{name}", None) or getattr(self.files, name, None)
        handler = cast("Callable[[Any], Awaitable[wire.Result]]", found)
        if handler is None:
            raise rpc.MethodNotFoundError
        return await handler(params)

    async def _health_check(self, _params: wire.NoParams) -> wire.HealthCheckResult:
        return wire.HealthCheckResult(
            status="ok", version=__version__, protocol_version=wire.PROTOCOL_VERSION
        )

    async def _heartbeat(self, _params: wire.NoParams) -> wire.HeartbeatResult:
        return beat([id_ for id_, each in self.executions.items() if each.result is None])

    async def _get_status(self, _params: wire.NoParams) -> wire.GetStatusResult:
        return msgspec.structs.replace(STATUS, hostname=self.endpoint.host)

    async def _get_port(self, _params: wire.NoParams) -> wire.GetPortResult:
        return wire.GetPortResult(rpc_port=self.endpoint.rpc_port)

    async def _list_commands(self, _params: wire.NoParams) -> wire.ListCommandsResult:
        return wire.ListCommandsResult(
            commands=[
                wire.RunningExecution(
                    command_id=id_,
                    kind="command",
                    state=execution.result.state if execution.result else "running",
                )
                for id_, execution in self.executions.items()
                if not execution.acknowledged
            ]
        )

    async def _execute_command(self, params: wire.ExecuteCommandParams) -> wire.StartResult:
        return self._start(params)

    async def _execute_ansible(self, params: wire.ExecuteAnsibleParams) -> wire.StartResult:
        if params.command_id not in self.executions and params.bundle not in self.complete_bundles:
            raise rpc.BundleMissingError
        return self._start(params)

    def _start(
        self, params: wire.ExecuteCommandParams | wire.ExecuteAnsibleParams
    ) -> wire.StartResult:
        known = self.executions.get(params.command_id)
        execution = known or MemoryExecution(params)
        if known is None:
            self.executions[params.command_id] = execution
            task = asyncio.create_task(self._run(execution))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        state: wire.State = execution.result.state if execution.result else "running"
        return wire.StartResult(status=state, command_id=params.command_id, created=known is None)

    async def _run(self, execution: MemoryExecution) -> None:
        return_code = await self.program(execution)
        if return_code is not None:
            await execution.end(return_code)

    async def _get_command_log(self, params: wire.GetCommandLogParams) -> wire.GetCommandLogResult:
        execution = self._find(params.command_id)
        if params.offset > execution.size:
            size = execution.size
            raise rpc.InvalidParamsError("offset: behind the end of the log", {"size": size})
        await _wait(
            execution, params.wait_s, lambda: execution.size > params.offset or execution.result
        )
        log_type, data, size = await execution.log.read(
            params.command_id, params.offset, params.limit
        )
        has_ended = execution.result is not None
        piece = encode_piece(data, more_may_follow=not has_ended)
        new_offset = params.offset + piece.length
        is_final = has_ended and new_offset >= size
        return wire.GetCommandLogResult(
            log_data=piece.text,
            log_type=log_type,
            encoding=piece.encoding,
            offset=params.offset,
            new_offset=new_offset,
            size=size,
            is_final=is_final,
            result=execution.result if is_final else None,
        )

    async def _get_events(self, params: wire.GetEventsParams) -> wire.GetEventsResult:
        execution = self._find(params.command_id)
        await _wait(
            execution,
            params.wait_s,
            lambda: len(execution.events) > params.after or execution.result,
        )
        events = execution.events[params.after : params.after + params.limit]
        last = params.after + len(events)
        return wire.GetEventsResult(
            events=events,
            last=last,
            is_final=execution.result is not None and last >= len(execution.events),
        )

    async def _cancel_command(self, params: wire.CancelCommandParams) -> wire.CancelCommandResult:
        execution = self._find(params.command_id)
        execution.canceled_by = params.principal
        execution.canceled.set()
        await execution.end(None, "canceled")
        state = execution.result.state if execution.result else "running"
        return wire.CancelCommandResult(command_id=params.command_id, status=state)

    async def _acknowledge_command(
        self, params: wire.AcknowledgeCommandParams
    ) -> wire.AcknowledgeCommandResult:
        self._find(params.command_id).acknowledged = True
        return wire.AcknowledgeCommandResult(command_id=params.command_id)

    async def _put_bundle(self, params: wire.PutBundleParams) -> wire.PutBundleResult:
        received = self.bundles.setdefault(params.digest, bytearray())
        if params.offset <= len(received):
            received += base64.b64decode(params.data)[len(received) - params.offset :]
        if len(received) == params.size:
            if hashlib.sha256(received).hexdigest() != params.digest:
                del self.bundles[params.digest]
                raise rpc.BundleRejectedError
            self.complete_bundles.add(params.digest)
        return wire.PutBundleResult(
            digest=params.digest,
            received=len(received),
            complete=params.digest in self.complete_bundles,
        )

    async def _rotate_credentials(self, params: RotateCredentialsParams) -> RotateCredentialsResult:
        old = self.endpoint.agent_token
        changed = (params.agent_token, params.secret_key) != (old, self.secret_key)
        if changed:
            self.previous_token = self.previous_token or old
            self.endpoint = replace(self.endpoint, agent_token=params.agent_token)
            self.secret_key = params.secret_key
        until = time.time() + params.overlap_s if self.previous_token else None
        return RotateCredentialsResult(changed=changed, overlap_until=until)

    def _find(self, command_id: str) -> MemoryExecution:
        execution = self.executions.get(command_id)
        if execution is None:
            raise rpc.UnknownExecutionError
        return execution


class MemoryAgents:
    """A fleet of fake agents, called as real ones are."""

    def __init__(self) -> None:
        self._agents: dict[tuple[str, int], MemoryAgent] = {}

    def add(self, endpoint: Endpoint, program: Program = run_stand_in) -> MemoryAgent:
        """Add an agent that answers at the endpoint."""
        agent = MemoryAgent(endpoint, program)
        self._agents[endpoint.address, endpoint.rpc_port] = agent
        return agent

    async def call(self, endpoint: Endpoint, method: Method[P, R], params: P) -> R:
        """Call a method of a fake agent; raises as ``AgentCalls.call``."""
        agent = self._agents.get((endpoint.address, endpoint.rpc_port))
        if agent is None or not agent.reachable:
            raise errors.AgentUnreachableError
        if endpoint.cert_fingerprint != agent.endpoint.cert_fingerprint:
            raise errors.CertificateMismatchError
        if endpoint.rpc_path != agent.endpoint.rpc_path:
            raise errors.AgentPathError
        if not agent.takes(endpoint.agent_token):
            raise errors.AgentAuthError
        return cast("R", await agent.answer(method.name, params))


async def _wait(execution: MemoryExecution, wait_s: float, is_ready: Callable[[], object]) -> None:
    """Wait until there is something to answer or the time is over."""
    if wait_s <= 0 or is_ready():
        return
    try:
        async with asyncio.timeout(wait_s), execution.changed:
            await execution.changed.wait_for(lambda: bool(is_ready()))
    except TimeoutError:
        return
