# SPDX-License-Identifier: GPL-3.0-or-later
"""Which errors can an RPC answer with, and under which code?

``RpcError``
├── ``ParseError`` -32700             the body is not JSON
├── ``InvalidRequestError`` -32600    JSON, but not a JSON-RPC 2.0 request
├── ``MethodNotFoundError`` -32601
├── ``InvalidParamsError`` -32602     names the parameter and the remedy
├── ``InternalError`` -32603          a fault of the agent; the details stay in its log
├── ``UnknownExecutionError`` -32001
├── ``BusyError`` -32002              a limit of the agent; names the limit
├── ``LogGoneError`` -32003           the log was rotated away
├── ``NotStartedError`` -32004        accepted, and nothing is written yet
├── ``PolicyRefusedError`` -32005     the host's own rules forbid it
├── ``BundleMissingError`` -32006     send the content bundle first
├── ``BundleRejectedError`` -32007    wrong digest, unsafe member, too large
├── ``DiskFullError`` -32008          no room on the host for another execution
├── ``RotationRefusedError`` -32009   the agent's file of credentials cannot be changed
└── ``FileRefusedError`` -32010       a file cannot be written or read so; says why

Authentication is HTTP's business: 401 for a wrong token, 404 for a wrong path.
"""

from typing import Any, ClassVar


class RpcError(Exception):
    """The agent could not do what was asked."""

    code: ClassVar[int] = -32000
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None, data: dict[str, Any] | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").splitlines()[0]
        self.data = data or {}
        super().__init__(self.message)


class ParseError(RpcError):
    """The request's body is not JSON."""

    code = -32700


class InvalidRequestError(RpcError):
    """The request is not a JSON-RPC 2.0 request object."""

    code = -32600


class MethodNotFoundError(RpcError):
    """The agent has no such method."""

    code = -32601


class InvalidParamsError(RpcError):
    """A parameter is missing, unknown or of the wrong type."""

    code = -32602


class InternalError(RpcError):
    """The agent failed; its own log says why."""

    code = -32603
    retryable = True


class UnknownExecutionError(RpcError):
    """This host knows no execution with that command_id."""

    code = -32001


class BusyError(RpcError):
    """A limit of this agent is reached; try again when something has ended."""

    code = -32002
    retryable = True


class LogGoneError(RpcError):
    """The log of this execution was rotated away."""

    code = -32003


class NotStartedError(RpcError):
    """The execution is accepted and has not started to write."""

    code = -32004
    retryable = True


class PolicyRefusedError(RpcError):
    """The policy of this host forbids it."""

    code = -32005


class BundleMissingError(RpcError):
    """The host does not have this content bundle; send it with put_bundle first."""

    code = -32006


class BundleRejectedError(RpcError):
    """The content bundle cannot be accepted."""

    code = -32007


class DiskFullError(RpcError):
    """The host has no room for another execution."""

    code = -32008


class RotationRefusedError(RpcError):
    """The agent cannot write new credentials down, so it keeps those it has."""

    code = -32009


class FileRefusedError(RpcError):
    """The file cannot be written or read."""

    code = -32010


ERRORS_BY_CODE: dict[int, type[RpcError]] = {cls.code: cls for cls in RpcError.__subclasses__()}
"""How a client turns an error's code back into its class."""
