# SPDX-License-Identifier: GPL-3.0-or-later
"""How is an agent called? The port that the client and its fake implement, and all methods.

A ``Method`` ties the name on the wire to the types of its parameters and its result, so that
``await agents.call(endpoint, GET_COMMAND_LOG, GetCommandLogParams(...))`` is typed.
"""

from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from agent_runner.protocol import methods as wire
from agent_runner.protocol.credentials import RotateCredentialsParams, RotateCredentialsResult
from agent_runner.protocol.files import (
    GetFileParams,
    GetFileResult,
    PutFileParams,
    PutFileResult,
)

P = TypeVar("P", bound=wire.Message)
R = TypeVar("R", bound=wire.Result)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an agent is, and how the two know each other."""

    host: str
    """The host's name, for messages."""

    address: str
    rpc_port: int
    rpc_path: str = field(repr=False)
    agent_token: str = field(repr=False)
    cert_fingerprint: str
    """SHA-256 of its certificate (DER), lower-case hexadecimal."""

    host_id: int | None = None
    """The host in the database that this was read of; ``None`` where it came from elsewhere."""


@dataclass(frozen=True, slots=True)
class Method(Generic[P, R]):
    """A method of the agent."""

    name: str
    params: type[P]
    result: type[R]


class AgentCalls(Protocol):
    """Calls methods of agents."""

    async def call(self, endpoint: Endpoint, method: Method[P, R], params: P) -> R:
        """Call a method and return its result.

        Raises:
            AgentError: the agent could not be called.
            RpcError: the agent answered with an error.
        """
        ...


HEALTH_CHECK = Method("health_check", wire.NoParams, wire.HealthCheckResult)
HEARTBEAT = Method("heartbeat", wire.NoParams, wire.HeartbeatResult)
GET_STATUS = Method("get_status", wire.NoParams, wire.GetStatusResult)
GET_PORT = Method("get_port", wire.NoParams, wire.GetPortResult)
EXECUTE_COMMAND = Method("execute_command", wire.ExecuteCommandParams, wire.StartResult)
EXECUTE_ANSIBLE = Method("execute_ansible", wire.ExecuteAnsibleParams, wire.StartResult)
GET_COMMAND_LOG = Method("get_command_log", wire.GetCommandLogParams, wire.GetCommandLogResult)
GET_EVENTS = Method("get_events", wire.GetEventsParams, wire.GetEventsResult)
CANCEL_COMMAND = Method("cancel_command", wire.CancelCommandParams, wire.CancelCommandResult)
LIST_COMMANDS = Method("list_commands", wire.NoParams, wire.ListCommandsResult)
ACKNOWLEDGE_COMMAND = Method(
    "acknowledge_command", wire.AcknowledgeCommandParams, wire.AcknowledgeCommandResult
)
PUT_BUNDLE = Method("put_bundle", wire.PutBundleParams, wire.PutBundleResult)
PUT_FILE = Method("put_file", PutFileParams, PutFileResult)
GET_FILE = Method("get_file", GetFileParams, GetFileResult)
ROTATE_CREDENTIALS = Method("rotate_credentials", RotateCredentialsParams, RotateCredentialsResult)
