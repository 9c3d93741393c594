# SPDX-License-Identifier: GPL-3.0-or-later
"""How are connections shared out between control planes? By a plain proxy, to each in turn."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from itertools import cycle

CHUNK_BYTES = 64 * 1024


@contextlib.asynccontextmanager
async def share_out(ports: Sequence[int]) -> AsyncIterator[str]:
    """Pass connections on to the ports in turn, past those where nobody listens; yields the URL."""
    turns = cycle(ports)
    serving: set[asyncio.Task[None]] = set()

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in ports:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", next(turns))
        return None

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        task.add_done_callback(serving.discard)
        async with _hanging_up(writer):
            backend = await connect()
            if backend is None:
                return
            async with _hanging_up(backend[1]):
                await asyncio.gather(_pass_on(reader, backend[1]), _pass_on(backend[0], writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


@contextlib.asynccontextmanager
async def _hanging_up(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close the connection, however the block ends."""
    try:
        yield
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until either side ends, and end the other one."""
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()
