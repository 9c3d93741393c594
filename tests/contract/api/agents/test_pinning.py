# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from typing import Self

import pytest
import trustme

from agent_runner.protocol.methods import GetCommandLogParams, NoParams
from api.agents import errors
from api.agents.calls import GET_COMMAND_LOG, HEALTH_CHECK, Endpoint
from api.agents.client import AgentClient

OK = b'{"jsonrpc":"2.0","id":1,"result":{"status":"ok","version":"1","protocol_version":1}}'


def answer(body: bytes, status: str = "200 OK") -> bytes:
    """Return the bytes of an HTTP answer."""
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


class TlsPeer:
    """A TLS server that remembers what it is sent and answers what a test wants."""

    def __init__(self) -> None:
        self.received = b""
        self.connections = 0
        self.replies: list[bytes | None] = []
        """An answer for each request; None closes the connection."""
        self._serving: list[asyncio.Task[None]] = []
        certificate = trustme.CA().issue_cert("127.0.0.1")
        pem = certificate.cert_chain_pems[0].bytes().decode()
        self.fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._server.close()

    async def finish(self) -> None:
        """Return when everything that was sent has been received."""
        self._server.close()
        await asyncio.gather(*self._serving)

    def endpoint(self, fingerprint: str) -> Endpoint:
        """Return the peer as an agent with a pin."""
        return Endpoint("web1", "127.0.0.1", self.port, "path", "the-token", fingerprint)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._serving.append(asyncio.current_task())
        try:
            while self.replies:
                head = await reader.readuntil(b"\r\n\r\n")
                self.received += head
                length = int(head.lower().partition(b"content-length: ")[2].split()[0])
                self.received += await reader.readexactly(length)
                reply = self.replies.pop(0)
                if reply is None:
                    break
                writer.write(reply)
                await writer.drain()
            else:
                self.received += await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def peer() -> AsyncIterator[TlsPeer]:
    """Return a TLS server."""
    async with TlsPeer() as started:
        yield started


@pytest.fixture
async def hasty() -> AsyncIterator[AgentClient]:
    """Return a client that waits half a second for an answer."""
    client = AgentClient(timeout_s=0.5)
    await client.open()
    yield client
    await client.close()


async def test_the_pinned_certificate_is_accepted(peer: TlsPeer, client: AgentClient) -> None:
    """A self-signed certificate with the pinned fingerprint is trusted, and gets the token."""
    peer.replies.append(answer(OK))

    await client.call(peer.endpoint(peer.fingerprint), HEALTH_CHECK, NoParams())

    assert b"POST /path/rpc HTTP/1.1" in peer.received
    assert b"X-Agent-Token: the-token" in peer.received


async def test_another_certificate_gets_nothing(peer: TlsPeer, client: AgentClient) -> None:
    """A peer with another certificate is refused before a single byte of the request is sent."""
    with pytest.raises(errors.CertificateMismatchError, match="another certificate"):
        await client.call(peer.endpoint("00" * 32), HEALTH_CHECK, NoParams())

    await peer.finish()
    assert peer.received == b""


async def test_a_changed_pin_does_not_use_the_old_connection(
    peer: TlsPeer, client: AgentClient
) -> None:
    """A connection that was opened under one pin does not serve a call under another."""
    peer.replies += [answer(OK), answer(OK)]
    await client.call(peer.endpoint(peer.fingerprint), HEALTH_CHECK, NoParams())

    with pytest.raises(errors.CertificateMismatchError):
        await client.call(peer.endpoint("00" * 32), HEALTH_CHECK, NoParams())


async def test_calls_share_a_connection(peer: TlsPeer, client: AgentClient) -> None:
    """Calls one after the other use one connection, so that only the first pays a handshake."""
    peer.replies += [answer(OK)] * 5
    for _ in range(5):
        await client.call(peer.endpoint(peer.fingerprint), HEALTH_CHECK, NoParams())

    assert peer.connections == 1


async def test_an_idle_connection_that_was_closed_costs_nothing(
    peer: TlsPeer, client: AgentClient
) -> None:
    """Where the agent closes a connection as a request arrives, a new one is used at once."""
    peer.replies += [answer(OK), None, answer(OK)]
    endpoint = peer.endpoint(peer.fingerprint)
    await client.call(endpoint, HEALTH_CHECK, NoParams())

    assert (await client.call(endpoint, HEALTH_CHECK, NoParams())).status == "ok"
    assert peer.connections == 2


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        (answer(b"", "401 Unauthorized"), errors.AgentAuthError, "refuses the token"),
        (answer(b"", "404 Not Found"), errors.AgentPathError, "rpc_path"),
        (answer(b"", "413 Too Large"), errors.AgentRefusedError, "HTTP status 413"),
        (answer(b"", "429 Too Many"), errors.AgentThrottledError, "too often"),
        (answer(b"oops", "503 Broken"), errors.AgentFaultError, "HTTP status 503"),
        (answer(b"<html>"), errors.AgentAnswerError, "not answer in JSON-RPC"),
        (answer(b"{}"), errors.AgentAnswerError, "neither a result nor an error"),
        (answer(b'{"result":{"status":1}}'), errors.AgentAnswerError, "another form"),
    ],
)
async def test_a_strange_answer_is_an_error_with_a_remedy(
    peer: TlsPeer, client: AgentClient, reply: bytes, error: type[Exception], said: str
) -> None:
    """Each status and each answer that is none of an agent has its own words."""
    peer.replies.append(reply)

    with pytest.raises(error, match=said):
        await client.call(peer.endpoint(peer.fingerprint), HEALTH_CHECK, NoParams())


async def test_a_silent_peer_is_a_timeout(peer: TlsPeer, hasty: AgentClient) -> None:
    """An answer that does not come in time is a timeout of a call that may have arrived."""
    peer.replies.append(b"")

    with pytest.raises(errors.AgentTimeoutError, match=r"within 0\.5 s") as caught:
        await hasty.call(peer.endpoint(peer.fingerprint), HEALTH_CHECK, NoParams())

    assert caught.value.maybe_delivered


async def test_a_call_that_waits_has_more_time(peer: TlsPeer, hasty: AgentClient) -> None:
    """The time that the agent was asked to wait is added to the time of the call."""
    peer.replies.append(b"")
    params = GetCommandLogParams(command_id="x", wait_s=1)

    with pytest.raises(errors.AgentTimeoutError, match=r"within 1\.5 s"):
        await hasty.call(peer.endpoint(peer.fingerprint), GET_COMMAND_LOG, params)


async def test_a_broken_connection_may_have_been_delivered(
    peer: TlsPeer, client: AgentClient
) -> None:
    """A connection that breaks twice while the answer is awaited leaves that open."""
    peer.replies += [None, None]

    with pytest.raises(errors.AgentUnreachableError, match="broke the connection") as caught:
        await client.call(peer.endpoint(peer.fingerprint), HEALTH_CHECK, NoParams())

    assert caught.value.maybe_delivered


async def test_no_tls_is_told_apart(client: AgentClient) -> None:
    """A port that does not speak TLS is an error of the handshake, and nothing was delivered."""

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        endpoint = Endpoint("web1", "127.0.0.1", port, "p", "t", "00" * 32)
        with pytest.raises(errors.AgentTlsError, match="TLS handshake") as caught:
            await client.call(endpoint, HEALTH_CHECK, NoParams())

    assert not caught.value.maybe_delivered
    assert caught.value.retryable


def test_an_endpoint_shows_no_secret() -> None:
    """What is logged of an endpoint has neither its token nor its path."""
    shown = repr(Endpoint("web1", "192.0.2.1", 9000, "the-path", "the-token", "00" * 32))

    assert "the-token" not in shown
    assert "the-path" not in shown
