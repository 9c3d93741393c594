# SPDX-License-Identifier: GPL-3.0-or-later
"""Who closes the descriptor of a connection that fails: the event loop, and nobody after it?"""

import asyncio
import select
import socket
import ssl
import struct
from collections.abc import Callable

import pytest

from api.event_loop import EventLoop

RESET_AT_CLOSE = struct.pack("ii", 1, 0)


def connect_to_one_that_resets() -> socket.socket:
    """Return a connection whose peer has reset it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    accepted.close()
    poll = select.poll()
    poll.register(client, select.POLLHUP)
    assert poll.poll(10_000)
    return client


def connect_to_one_that_speaks_no_tls() -> socket.socket:
    """Return a connection on which a handshake fails for what is said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
    with accepted:
        accepted.sendall(b"220 smtp.example.com ready\r\n")
    return client


@pytest.mark.parametrize("connect", [connect_to_one_that_resets, connect_to_one_that_speaks_no_tls])
def test_a_connection_that_fails_leaves_its_socket_object_nothing_to_close(
    connect: Callable[[], socket.socket],
) -> None:
    """Its number belongs to whoever opens a connection next."""

    async def fail(client: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, EventLoop)
        context = ssl.create_default_context()
        with pytest.raises(OSError):  # noqa: PT011 - of several kinds; none may do harm
            await loop.create_connection(
                asyncio.Protocol, sock=client, ssl=context, server_hostname="localhost"
            )
        assert client.fileno() == -1

    with asyncio.Runner(loop_factory=EventLoop) as runner:
        runner.run(fail(connect()))


def test_a_connection_that_succeeds_is_the_event_loops() -> None:
    """What is sent arrives, and its descriptor is closed with the transport."""

    async def talk(client: socket.socket, peer: socket.socket) -> None:
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, sock=client
        )
        transport.write(b"hello")
        transport.close()
        assert await asyncio.to_thread(peer.recv, 10) == b"hello"
        assert await asyncio.to_thread(peer.recv, 10) == b""
        assert client.fileno() == -1

    client, peer = socket.socketpair()
    with peer, asyncio.Runner(loop_factory=EventLoop) as runner:
        runner.run(talk(client, peer))
