# SPDX-License-Identifier: GPL-3.0-or-later
"""How do JSON-RPC 2.0 requests and replies look as bytes?

One request object a message. Batches are refused: over a kept-alive connection they save
nothing, and one slow member would hold back the answers of all others. Parameters are named,
never positional. A request without ``id`` is a notification: it is carried out and not answered.
"""

from typing import Literal

import msgspec

from agent_runner.protocol.errors import InvalidRequestError, ParseError, RpcError
from agent_runner.protocol.methods import Result

RequestId = int | str | None

MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that it cannot turn into a value of the wanted type."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request whose parameters are not looked at yet."""

    jsonrpc: Literal["2.0"]
    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")
    id: RequestId | msgspec.UnsetType = msgspec.UNSET


class _Success(msgspec.Struct, frozen=True):
    jsonrpc: Literal["2.0"]
    result: Result
    id: RequestId


class _ErrorObject(msgspec.Struct, frozen=True, omit_defaults=True):
    code: int
    message: str
    data: dict[str, object] = {}


class _Failure(msgspec.Struct, frozen=True):
    jsonrpc: Literal["2.0"]
    error: _ErrorObject
    id: RequestId


_requests = msgspec.json.Decoder(Request)
_encoder = msgspec.json.Encoder()


def decode_request(body: bytes) -> Request:
    """Read one request object.

    Raises:
        ParseError: the body is not JSON.
        InvalidRequestError: it is JSON and not one request object.
    """
    if body.lstrip(b" \t\r\n").startswith(b"["):
        raise InvalidRequestError("Batches are not supported; send one request object a message")
    try:
        return _requests.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(f"Not a JSON-RPC 2.0 request: {error}") from error
    except MALFORMED as error:
        raise ParseError(f"The body is not JSON: {error}") from error


def encode_result(request_id: RequestId, result: Result) -> bytes:
    """Write the reply of a method that succeeded."""
    return _encoder.encode(_Success("2.0", result, request_id))


def encode_error(request_id: RequestId, error: RpcError) -> bytes:
    """Write the reply of a method that failed."""
    body = _ErrorObject(error.code, error.message, error.data)
    return _encoder.encode(_Failure("2.0", body, request_id))
