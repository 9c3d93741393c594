# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from agent_runner.https import connections, endpoint, listener, strangers
from agent_runner.protocol import methods as wire

LONG_POLL = {"command_id": "id-1", "offset": 5, "wait_s": wire.MAX_WAIT_S}


def _start_polls(agent: Any, count: int) -> list[asyncio.Task[httpx.Response]]:
    request = {"jsonrpc": "2.0", "id": 1, "method": "get_command_log", "params": LONG_POLL}
    return [asyncio.create_task(agent.post(request)) for _ in range(count)]


async def _read_until_cut(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def _write_until_cut(writer: asyncio.StreamWriter, request: bytes) -> None:
    while True:
        writer.write(request)
        await writer.drain()


async def test_waiting_reads_do_not_block_others(agent: Any) -> None:
    """While many reads wait, other calls are answered; all readers wake up by one new byte."""
    await agent.result("execute_command", command="true", command_id="id-1")
    polls = _start_polls(agent, 50)
    for _ in polls:
        await agent.executions.waiting.acquire()
    assert (await agent.result("health_check"))["status"] == "ok"
    agent.executions.ended.set()
    answers = await asyncio.gather(*polls)
    assert all(answer.json()["result"]["is_final"] for answer in answers)


async def test_read_ends_with_its_caller(agent: Any) -> None:
    """A read that waits is given up when its caller hangs up."""
    await agent.result("execute_command", command="true", command_id="id-1")
    (poll,) = _start_polls(agent, 1)
    await agent.executions.waiting.acquire()
    poll.cancel()
    await agent.executions.given_up.acquire()


async def test_stopping_waits_for_nobody(agent: Any) -> None:
    """Reads that wait get 503 at once when the agent stops; executions are let go of after it."""
    await agent.result("execute_command", command="true", command_id="id-1")
    polls = _start_polls(agent, 20)
    for _ in polls:
        await agent.executions.waiting.acquire()
    async with asyncio.timeout(wire.MAX_WAIT_S / 2):
        await agent.server.__aexit__()
        answers = await asyncio.gather(*polls)
    assert {answer.status_code for answer in answers} == {503}
    assert not agent.executions.is_open


async def test_endless_head_is_cut_off(agent: Any) -> None:
    """A request whose headers do not end loses its connection."""
    reader, writer = await agent.connect()
    writer.write(b"POST / HTTP/1.1\r\nX-Long: ")
    writer.write(b"x" * 1_000_000)
    assert await _read_until_cut(reader) == b""
    writer.close()


async def test_slow_sender_is_cut_off(agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that does not arrive in time loses its connection."""
    monkeypatch.setattr(connections, "REQUEST_TIMEOUT_S", 0.05)
    reader, writer = await agent.connect()
    writer.write(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
    answer = await _read_until_cut(reader)
    assert answer.startswith(b"HTTP/1.1 404") or answer == b""
    writer.close()


async def test_silent_connection_is_cut_off(agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection on which nothing is said is ended."""
    monkeypatch.setattr(connections, "REQUEST_TIMEOUT_S", 0.05)
    reader, writer = await agent.connect()
    assert await _read_until_cut(reader) == b""
    writer.close()


async def test_strangers_cannot_keep_the_control_plane_out(
    agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many strangers make room for each other; a connection that showed the token stays."""
    monkeypatch.setattr(strangers, "MAX_STRANGERS", 3)
    await agent.result("health_check")
    unknown = [await agent.connect() for _ in range(5)]
    for reader, _ in unknown[:2]:
        assert await _read_until_cut(reader) == b""
    assert (await agent.result("health_check"))["status"] == "ok"
    assert len(agent.server._listener._table.connections) == 4
    for _, writer in unknown:
        writer.close()


Connect = Callable[[str], Awaitable[asyncio.StreamReader]]


@pytest.fixture
async def connect_plain(agent: Any) -> AsyncIterator[Connect]:
    """Return what opens a connection from a loopback address and says nothing on it."""
    writers = []

    async def connect(address: str) -> asyncio.StreamReader:
        port = agent.server.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        writers.append(writer)
        return reader

    yield connect
    for writer in writers:
        writer.close()


async def test_handshakes_without_end_make_room_for_each_other(
    agent: Any, connect_plain: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections that never begin TLS are counted, and the control plane comes in past them."""
    monkeypatch.setattr(strangers, "MAX_STRANGERS", 3)
    silent = [await connect_plain("127.0.0.1") for _ in range(8)]
    for reader in silent[:5]:
        assert await _read_until_cut(reader) == b""
    assert len(agent.server._listener._table.strangers) == 3
    assert (await agent.result("health_check"))["status"] == "ok"


async def test_one_address_takes_only_its_own_places(
    connect_plain: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one address opens connections without end, one of another address stays."""
    monkeypatch.setattr(strangers, "MAX_STRANGERS", 4)
    slow = await connect_plain("127.0.0.1")
    flood = [await connect_plain("127.0.0.2") for _ in range(20)]
    for reader in flood[:17]:
        assert await _read_until_cut(reader) == b""
    assert not slow.at_eof()
    assert not any(reader.at_eof() for reader in flood[17:])


async def test_a_handshake_that_does_not_end_is_cut_off(
    agent: Any, connect_plain: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that never begins TLS is ended, and nothing of it is kept."""
    monkeypatch.setattr(listener, "HANDSHAKE_TIMEOUT_S", 0.05)
    assert await _read_until_cut(await connect_plain("127.0.0.1")) == b""
    while agent.server._listener._greeting:
        await asyncio.wait(agent.server._listener._greeting)
    assert len(agent.server._listener._table.strangers) == 0


@pytest.mark.parametrize(
    "sent", ["POST /", "POST / HTTP/1.1\r\nX-Slow: ", "POST {path} HTTP/1.1\r\n{token}\r\n{{"]
)
async def test_whoever_trickles_is_cut_off(
    agent: Any, monkeypatch: pytest.MonkeyPatch, sent: str
) -> None:
    """A head or body that comes byte by byte has no more time than one that stops."""
    monkeypatch.setattr(connections, "REQUEST_TIMEOUT_S", 0.3)
    token = f"{wire.TOKEN_HEADER}: {agent.config.agent_token}\r\nContent-Length: 1000000\r\n"
    path = f"/{agent.config.rpc_path}/rpc"
    reader, writer = await agent.connect()
    writer.write(sent.format(path=path, token=token).encode())
    reading = asyncio.create_task(_read_until_cut(reader))
    while not reading.done():
        writer.write(b"x")
        await asyncio.wait([reading], timeout=0.02)
    assert await reading == b""
    writer.close()


async def test_whoever_does_not_read_is_cut_off(
    agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller that leaves its answers unread loses its connection, though it has the token."""
    monkeypatch.setattr(endpoint, "ANSWER_TIMEOUT_S", 0.05)
    token = f"{wire.TOKEN_HEADER}: {agent.config.agent_token}"
    long_id = b'"' + b"x" * 3_000_000 + b'"'
    body = b'{"jsonrpc":"2.0","method":"health_check","id":%s}' % long_id
    head = f"POST /{agent.config.rpc_path}/rpc HTTP/1.1\r\n{token}\r\n"
    _, writer = await agent.connect()
    writer.transport.pause_reading()
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    with pytest.raises(ConnectionError):
        await _write_until_cut(writer, request)
    writer.close()
    assert (await agent.result("health_check"))["status"] == "ok"


async def test_answers_leave_at_once(agent: Any) -> None:
    """No connection holds an answer back to wait for more (Nagle's algorithm is off)."""
    await agent.result("health_check")
    for connection in agent.server._listener._table.connections:
        sock = connection.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_port_in_use_is_told_with_its_remedy(agent: Any) -> None:
    """A port that somebody else has is named, with what to do."""
    with pytest.raises(listener.ListenError, match=f"Port {agent.server.port} is used"):
        listener.open_socket("127.0.0.1", agent.server.port)
