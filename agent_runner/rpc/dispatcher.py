# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a request become the call of a method, and its outcome a reply?"""

import logging
import traceback
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec

from agent_runner.protocol.errors import (
    InternalError,
    InvalidParamsError,
    MethodNotFoundError,
    RpcError,
)
from agent_runner.protocol.framing import attach, detach, join_frame
from agent_runner.protocol.methods import Message
from agent_runner.rpc.messages import (
    MALFORMED,
    Request,
    RequestId,
    decode_request,
    encode_error,
    encode_result,
)
from agent_runner.rpc.methods import Method

logger = logging.getLogger(__name__)


class Call:
    """One request that names a method and carries parameters of the right types."""

    def __init__(self, method: Method, params: Message, request: Request, *, framed: bool) -> None:
        self._method = method
        self._params = params
        self._request = request
        self._is_framed = framed

    @property
    def can_wait(self) -> bool:
        """Whether the call may wait, and can be given up when nobody waits for its answer."""
        return self._method.can_wait

    async def run(self) -> bytes | None:
        """Carry it out and return the reply; ``None`` where none is wanted."""
        request_id = self._request.id
        try:
            result = await self._method.handler(self._params)
            if request_id is msgspec.UNSET:
                return None
            result, trailing = detach(result) if self._is_framed else (result, b"")
            return join_frame(encode_result(request_id, result), trailing)
        except RpcError as error:
            return _answer_error(self._request, error)
        except Exception as error:  # noqa: BLE001 - the outermost edge: no fault of ours may leak
            return _answer_error(self._request, _note_fault(self._method, error))


class Dispatcher:
    """Turns bodies into calls of the methods it was given."""

    def __init__(self, methods: Mapping[str, Method]) -> None:
        self._methods = methods
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            name: msgspec.json.Decoder(method.params) for name, method in methods.items()
        }

    def accept(self, body: bytes, trailing: bytes | None = None) -> Call | bytes | None:
        """Read a request.

        Args:
            body: its JSON.
            trailing: what came behind the JSON of a framed request; its answer is framed too.

        Returns:
            The call to run, or the reply to a request that cannot be run (``None`` where the
            request was a notification).
        """
        try:
            request = decode_request(body)
        except RpcError as error:
            return encode_error(None, error)
        try:
            method = self._find_method(request.method)
            params = self._decode_params(method, request.params, trailing or b"")
            return Call(method, params, request, framed=trailing is not None)
        except RpcError as error:
            return _answer_error(request, error)

    def _find_method(self, name: str) -> Method:
        method = self._methods.get(name)
        if method is None:
            known = ", ".join(sorted(self._methods))
            raise MethodNotFoundError(f"There is no method {name[:64]!r}; there are {known}")
        return method

    def _decode_params(self, method: Method, raw: msgspec.Raw, trailing: bytes) -> Message:
        try:
            params: Message = attach(self._decoders[method.name].decode(raw), trailing)
        except (*MALFORMED, ValueError) as error:
            raise _explain_params(method, error) from error
        return params


def _explain_params(method: Method, error: Exception) -> InvalidParamsError:
    accepted = {
        field.encode_name: field.required for field in msgspec.structs.fields(method.params)
    }
    listing = ", ".join(f"{name}{'' if must else '?'}" for name, must in accepted.items())
    remedy = f"it takes an object with {listing}" if accepted else "it takes no parameters"
    return InvalidParamsError(
        f"{method.name}: {error}; {remedy}",
        {"method": method.name, "required": [name for name, must in accepted.items() if must]},
    )


def _answer_error(request: Request, error: RpcError) -> bytes | None:
    request_id: RequestId | msgspec.UnsetType = request.id
    return None if request_id is msgspec.UNSET else encode_error(request_id, error)


def _note_fault(method: Method, error: Exception) -> InternalError:
    """Write the fault to the agent's log under a number that the caller is told."""
    incident = uuid.uuid4().hex[:12]
    logger.error(
        "rpc_fault",
        extra={
            "incident": incident,
            "method": method.name,
            "error": type(error).__qualname__,
            "detail": _describe(method, error),
            "stack": "".join(traceback.format_tb(error.__traceback__)),
        },
    )
    return InternalError(
        f"The agent failed; its log says why under incident {incident}", {"incident": incident}
    )


def _describe(method: Method, error: Exception) -> str:
    """Return the fault's own words, unless they might quote a secret of the request."""
    if method.carries_secrets:
        return (error.strerror or "") if isinstance(error, OSError) else "withheld"
    return str(error)
