# SPDX-License-Identifier: GPL-3.0-or-later
"""Which method takes which parameters, who answers it, and with what?

``build_methods`` is the only list of methods: the dispatcher serves what stands there.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from agent_runner import __version__
from agent_runner.protocol import methods as wire
from agent_runner.protocol.credentials import RotateCredentialsParams, RotateCredentialsResult
from agent_runner.protocol.files import (
    GetFileParams,
    GetFileResult,
    PutFileParams,
    PutFileResult,
)
from agent_runner.rpc.services import (
    ContentService,
    CredentialService,
    ExecutionService,
    FileService,
    Host,
)

SECRET_FIELDS = frozenset({"secrets", "agent_token", "secret_key"})
"""Names of parameters whose values nobody may see."""

ParamsT = TypeVar("ParamsT", bound=wire.Message)
ResultT = TypeVar("ResultT", bound=wire.Result)


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the agent."""

    name: str
    params: type[wire.Message]
    handler: Callable[[Any], Awaitable[wire.Result]]
    result: type[wire.Result]

    @property
    def can_wait(self) -> bool:
        """Whether it only reads and may wait, so that it can be given up at any moment."""
        return "wait_s" in self.params.__struct_fields__

    @property
    def carries_secrets(self) -> bool:
        """Whether its parameters must not be seen in a log."""
        return not SECRET_FIELDS.isdisjoint(self.params.__struct_fields__)


@dataclass(frozen=True, slots=True)
class Services:
    """What the methods are made from."""

    executions: ExecutionService
    content: ContentService
    files: FileService
    credentials: CredentialService
    host: Host
    rpc_port: int
    limits: dict[str, int]
    bundle_signatures: wire.BundleSignatures
    bundle_public_key: str | None


def build_methods(services: Services) -> dict[str, Method]:
    """Return every method of the agent by its name."""
    own, run, content = _OwnMethods(services), services.executions, services.content
    table = [
        _method("health_check", wire.NoParams, own.health_check, wire.HealthCheckResult),
        _method("heartbeat", wire.NoParams, own.heartbeat, wire.HeartbeatResult),
        _method("get_status", wire.NoParams, own.get_status, wire.GetStatusResult),
        _method("get_port", wire.NoParams, own.get_port, wire.GetPortResult),
        _method("execute_command", wire.ExecuteCommandParams, run.start_command, wire.StartResult),
        _method("execute_ansible", wire.ExecuteAnsibleParams, run.start_playbook, wire.StartResult),
        _method(
            "get_command_log", wire.GetCommandLogParams, run.read_log, wire.GetCommandLogResult
        ),
        _method("get_events", wire.GetEventsParams, run.read_events, wire.GetEventsResult),
        _method("cancel_command", wire.CancelCommandParams, run.cancel, wire.CancelCommandResult),
        _method("list_commands", wire.NoParams, own.list_commands, wire.ListCommandsResult),
        _method(
            "acknowledge_command",
            wire.AcknowledgeCommandParams,
            run.acknowledge,
            wire.AcknowledgeCommandResult,
        ),
        _method("put_bundle", wire.PutBundleParams, content.receive, wire.PutBundleResult),
        _method("put_file", PutFileParams, services.files.put, PutFileResult),
        _method("get_file", GetFileParams, services.files.get, GetFileResult),
        _method(
            "rotate_credentials",
            RotateCredentialsParams,
            services.credentials.rotate,
            RotateCredentialsResult,
        ),
    ]
    return {method.name: method for method in table}


def _method(
    name: str,
    params: type[ParamsT],
    handler: Callable[[ParamsT], Awaitable[ResultT]],
    result: type[ResultT],
) -> Method:
    return Method(name, params, handler, result)


class _OwnMethods:
    """The methods that need no service of their own."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def health_check(self, _: wire.NoParams) -> wire.HealthCheckResult:
        return wire.HealthCheckResult(
            status="ok", version=__version__, protocol_version=wire.PROTOCOL_VERSION
        )

    async def heartbeat(self, _: wire.NoParams) -> wire.HeartbeatResult:
        return wire.HeartbeatResult(
            status="ok",
            version=__version__,
            running=[item.command_id for item in self._list_running()],
            load=self._services.host.read_load(),
        )

    async def get_status(self, _: wire.NoParams) -> wire.GetStatusResult:
        host = self._services.host
        return wire.GetStatusResult(
            version=__version__,
            protocol_version=wire.PROTOCOL_VERSION,
            uptime_s=host.read_uptime(),
            hostname=host.hostname,
            os=host.os,
            kernel=host.kernel,
            architecture=host.architecture,
            python_version=host.python_version,
            ansible_core_version=host.ansible_core_version,
            load=host.read_load(),
            limits=self._services.limits,
            running=self._list_running(),
            bundle_signatures=self._services.bundle_signatures,
            bundle_public_key=self._services.bundle_public_key,
            warm=self._services.executions.describe_warm(),
        )

    async def get_port(self, _: wire.NoParams) -> wire.GetPortResult:
        return wire.GetPortResult(rpc_port=self._services.rpc_port)

    async def list_commands(self, _: wire.NoParams) -> wire.ListCommandsResult:
        return wire.ListCommandsResult(commands=self._services.executions.list_executions())

    def _list_running(self) -> list[wire.RunningExecution]:
        listed = self._services.executions.list_executions()
        return [item for item in listed if item.state not in wire.END_STATES]
