# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong when a host is reached through its agent?

``MyxError``
├── ``ConflictError``
│   ├── ``PolicyRefusedError``      the host's administrator forbids it
│   └── ``FileRefusedError``        the file cannot be written or read; says why
├── ``NotFoundError``
│   └── ``CommandUnknownError``     the host has no such command
├── ``GoneError``
│   └── ``CommandGoneError``        it has ended and was forgotten
├── ``InvalidInputError``
│   └── ``AgentRefusedInputError``  what the agent says is wrong with the request
└── ``UnavailableError``
    ├── ``HostBusyError``           a limit of the host, or its disk
    └── ``ConnectionsBusyError``    a limit of the control plane
"""

from agent_runner.protocol import errors as rpc
from api.core.errors import (
    ConflictError,
    GoneError,
    InvalidInputError,
    MyxError,
    NotFoundError,
    UnavailableError,
)
from api.hosts.errors import AgentFailedError


class PolicyRefusedError(ConflictError):
    """The host's own policy forbids it."""

    code = "policy_refused"


class FileRefusedError(ConflictError):
    """The file cannot be written or read so."""

    code = "file_refused"


class CommandUnknownError(NotFoundError):
    """The host knows no such command."""

    code = "command_unknown"


class CommandGoneError(GoneError):
    """The command has ended, and the host has forgotten what it said."""

    code = "command_gone"


class AgentRefusedInputError(InvalidInputError):
    """The agent cannot do what was sent."""

    code = "agent_refused_input"


class HostBusyError(UnavailableError):
    """The host takes no more now."""

    code = "host_busy"


class ConnectionsBusyError(UnavailableError):
    """Too many connections are in use; try again."""

    code = "connections_busy"


_KINDS: dict[type[rpc.RpcError], type[MyxError]] = {
    rpc.PolicyRefusedError: PolicyRefusedError,
    rpc.FileRefusedError: FileRefusedError,
    rpc.UnknownExecutionError: CommandUnknownError,
    rpc.LogGoneError: CommandGoneError,
    rpc.InvalidParamsError: AgentRefusedInputError,
    rpc.BusyError: HostBusyError,
    rpc.DiskFullError: HostBusyError,
}


def translate(host: str, error: rpc.RpcError) -> MyxError:
    """Turn what an agent answers into what the API says."""
    # Both are what an agent says that is older than connections are.
    if isinstance(error, rpc.MethodNotFoundError) or "unknown field" in error.message:
        return AgentFailedError(
            f"The agent of {host} is too old for connections. Install it again: 'myx host install "
            f"{host}'."
        )
    kind = _KINDS.get(type(error), AgentFailedError)
    return kind(f"Host {host}: {error.message}")
