# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a call reach an agent? JSON-RPC over HTTPS to a pinned certificate; owns aiohttp.

The certificate's fingerprint is compared when the handshake is done and before a byte of the
request, and so of the token, is sent. Connections are kept alive and shared by all calls.
"""

import functools
import itertools
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, NamedTuple

import aiohttp
import msgspec
from yarl import URL

from agent_runner.protocol import errors as rpc_errors
from agent_runner.protocol.framing import FRAMED_TYPE, attach, detach, join_frame, split_frame
from agent_runner.protocol.methods import TOKEN_HEADER
from api.agents import errors
from api.agents.calls import Endpoint, Method, P, R
from api.agents.sockets import open_socket
from api.core.tracing.request_ids import HEADER as TRACE_HEADER
from api.core.tracing.spans import describe_span

CONNECT_TIMEOUT_S = 10.0
"""How long a connection with its handshake may take."""

KEEPALIVE_S = 80.0
"""How long an idle connection stays open: beyond the 60 s between two heartbeats, below the 90 s
after which agents close it."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""An answer above this is refused: the largest piece of a log takes 2 MiB, escaped."""

SLICE_BYTES = 512 * 1024
"""A larger body is handed on in slices, so that others get their turn in between."""

MAX_PINS = 100_000
"""How many agents' pins are remembered."""


class _ErrorObject(msgspec.Struct):
    code: int
    message: str
    data: dict[str, Any] | None = None


class _Reply(msgspec.Struct):
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: _ErrorObject | msgspec.UnsetType | None = msgspec.UNSET


_encoder = msgspec.json.Encoder()
_reply_decoder = msgspec.json.Decoder(_Reply)


class AgentClient:
    """Calls agents over HTTPS; one for the whole process."""

    def __init__(self, timeout_s: float) -> None:
        """Take the seconds that an answer may take, beyond what a call itself waits."""
        self._timeout_s = timeout_s
        self._ids = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the pool of connections; inside the event loop that will call."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=KEEPALIVE_S, socket_factory=open_socket
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, endpoint: Endpoint, method: Method[P, R], params: P) -> R:
        """Call a method of the agent; raises as ``AgentCalls.call``."""
        said, trailing = detach(params)
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method.name, "params": said}
        is_framed = bool(trailing or method.result.trailing)
        body = _Body(join_frame(_encoder.encode(request), trailing), is_framed)
        timeout_s = self._timeout_s + getattr(params, "wait_s", 0.0)
        result, behind = await self._send(endpoint, body, timeout_s)
        try:
            return attach(msgspec.json.decode(result, type=method.result), behind)
        except (msgspec.ValidationError, ValueError) as error:
            raise errors.AgentAnswerError(
                f"{_describe(endpoint)} answered {method.name} in another form than expected "
                f"({error}). Install the agent again to bring it to this version."
            ) from error

    async def _send(
        self, endpoint: Endpoint, body: "_Body", timeout_s: float
    ) -> tuple[msgspec.Raw, bytes]:
        try:
            try:
                status, answer = await self._post(endpoint, body, timeout_s)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientConnectionResetError):
                # The agent closed an idle connection as the request left: a new one settles it.
                status, answer = await self._post(endpoint, body, timeout_s)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _translate(error, endpoint, timeout_s) from error
        _check_status(status, endpoint)
        head, behind = split_frame(answer) if body.is_framed else (answer, b"")
        return _unwrap(status, head, endpoint), behind

    async def _post(self, endpoint: Endpoint, body: "_Body", timeout_s: float) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("AgentClient.open() comes before the first call")
        async with self._session.post(
            _make_url(endpoint.address, endpoint.rpc_port, endpoint.rpc_path),
            data=_slice(body.data) if len(body.data) > SLICE_BYTES else body.data,
            headers=_build_headers(endpoint, body),
            ssl=_make_pin(endpoint.cert_fingerprint),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_TIMEOUT_S),
        ) as response:
            return response.status, await _read_bounded(response, endpoint)


class _Body(NamedTuple):
    """A request's body; one that is framed is answered by a framed one."""

    data: bytes
    is_framed: bool


def _build_headers(endpoint: Endpoint, body: _Body) -> dict[str, str]:
    traceparent = describe_span()
    trace = {} if traceparent is None else {TRACE_HEADER: traceparent}
    kind = FRAMED_TYPE if body.is_framed else "application/json"
    about = {"Content-Type": kind, "Content-Length": str(len(body.data))}
    return {TOKEN_HEADER: endpoint.agent_token, **about, **trace}


async def _slice(data: bytes) -> AsyncIterator[memoryview]:
    view = memoryview(data)
    for start in range(0, len(data), SLICE_BYTES):
        yield view[start : start + SLICE_BYTES]


@functools.lru_cache(maxsize=MAX_PINS)
def _make_url(address: str, port: int, path: str) -> URL:
    return URL.build(scheme="https", host=address, port=port, path=f"/{path}/rpc")


@functools.lru_cache(maxsize=MAX_PINS)
def _make_pin(cert_fingerprint: str) -> aiohttp.Fingerprint:
    """Make the pin of a certificate; only with the same object a connection is used again."""
    return aiohttp.Fingerprint(bytes.fromhex(cert_fingerprint))


async def _read_bounded(response: aiohttp.ClientResponse, endpoint: Endpoint) -> bytes:
    """Read the body, and no more of it than an agent may answer."""
    chunks: list[bytes] = []
    length = 0
    async for chunk in response.content.iter_any():
        length += len(chunk)
        if length > MAX_ANSWER_BYTES:
            raise errors.AgentAnswerError(
                f"{_describe(endpoint)} answered more than {MAX_ANSWER_BYTES} bytes. "
                "Check that the port belongs to a MyX agent."
            )
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _unwrap(status: int, answer: bytes, endpoint: Endpoint) -> msgspec.Raw:
    """Return the result inside the JSON-RPC reply, or raise its error."""
    try:
        reply = _reply_decoder.decode(answer)
    except msgspec.MsgspecError as error:
        if status != HTTPStatus.OK:
            raise errors.AgentRefusedError(
                f"{_describe(endpoint)} refuses the request with HTTP status {status}. "
                "Check that the port belongs to a MyX agent."
            ) from error
        raise errors.AgentAnswerError(
            f"{_describe(endpoint)} did not answer in JSON-RPC. "
            "Check that the port belongs to a MyX agent."
        ) from error
    if isinstance(reply.error, _ErrorObject):
        raise _build_rpc_error(reply.error)
    if isinstance(reply.result, msgspec.UnsetType):
        raise errors.AgentAnswerError(
            f"{_describe(endpoint)} answered with neither a result nor an error. "
            "Check that the port belongs to a MyX agent."
        )
    return reply.result


def _build_rpc_error(error: _ErrorObject) -> rpc_errors.RpcError:
    """Turn the error object back into the class that the agent raised."""
    error_class = rpc_errors.ERRORS_BY_CODE.get(error.code, rpc_errors.RpcError)
    return error_class(error.message, error.data)


def _check_status(status: int, endpoint: Endpoint) -> None:
    """Raise what a status of HTTP says by itself."""
    where = _describe(endpoint)
    if status == HTTPStatus.UNAUTHORIZED:
        raise errors.AgentAuthError(
            f"{where} refuses the token. Install the agent again, or enroll it with the token "
            "in its /etc/myx-agent/config.json."
        )
    if status == HTTPStatus.NOT_FOUND:
        raise errors.AgentPathError(
            f"{where} does not serve the RPC path. Install the agent again, or enroll it with "
            "the rpc_path in its /etc/myx-agent/config.json."
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise errors.AgentThrottledError(
            f"{where} refuses the token, and was sent wrong ones too often from this address. "
            "Install the agent again, or enroll it with the token in its "
            "/etc/myx-agent/config.json."
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        fault = errors.AgentFaultError(
            f"{where} failed with HTTP status {status}; 'journalctl -u myx-agent' on the host "
            "says why."
        )
        fault.maybe_delivered = True
        raise fault


class _Failure(NamedTuple):
    """What a failure of the transport means, in our words."""

    cause: tuple[type[Exception], ...]
    error: type[errors.AgentError]
    maybe_delivered: bool
    message: str


_FAILURES = (
    _Failure(
        (aiohttp.ServerFingerprintMismatch,),
        errors.CertificateMismatchError,
        maybe_delivered=False,
        message="{where} shows another certificate than the one pinned at its installation. If the "
        "agent was installed anew, install or enroll it again; otherwise somebody else answers "
        "at that address.",
    ),
    _Failure(
        (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError),
        errors.AgentTlsError,
        maybe_delivered=False,
        message="{where} does not complete a TLS handshake ({cause}). Check that the port belongs "
        "to a MyX agent.",
    ),
    _Failure(
        (aiohttp.ConnectionTimeoutError,),
        errors.AgentUnreachableError,
        maybe_delivered=False,
        message="{where} does not accept a connection within {connect_s:g} s. Check that the host "
        "is up and a firewall lets the port through.",
    ),
    _Failure(
        (aiohttp.ClientConnectorError,),
        errors.AgentUnreachableError,
        maybe_delivered=False,
        message="{where} cannot be reached ({cause}). Check the address, that the host is up, and "
        "'systemctl status myx-agent' on it.",
    ),
    _Failure(
        (TimeoutError,),
        errors.AgentTimeoutError,
        maybe_delivered=True,
        message="{where} did not answer within {timeout_s:g} s. Check the load of the host and "
        "the network to it.",
    ),
    _Failure(
        (Exception,),
        errors.AgentUnreachableError,
        maybe_delivered=True,
        message="{where} broke the connection ({cause}). Check 'systemctl status myx-agent' on "
        "the host.",
    ),
)
"""The first one that fits counts."""


def _translate(error: Exception, endpoint: Endpoint, timeout_s: float) -> errors.AgentError:
    failure = next(known for known in _FAILURES if isinstance(error, known.cause))
    translated = failure.error(
        failure.message.format(
            where=_describe(endpoint),
            cause=_cause(error),
            connect_s=CONNECT_TIMEOUT_S,
            timeout_s=timeout_s,
        )
    )
    translated.maybe_delivered = failure.maybe_delivered
    return translated


def _cause(error: Exception) -> str:
    """Name the operating system's or OpenSSL's own words where there are some."""
    inner = getattr(error, "os_error", error)
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__


def _describe(endpoint: Endpoint) -> str:
    return f"The agent of {endpoint.host} at {endpoint.address}:{endpoint.rpc_port}"
