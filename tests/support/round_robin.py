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
    serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in ports:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", next(turns))
        return None

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _hanging_up(writer):
            backend = await connect()
            if backend is None:
                return
            async with _hanging_up(backend[1]):
                await asyncio.gather(_pass_on(reader, backend[1]), _pass_on(backend[0], writer))

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        serving[task] = writer
        task.add_done_callback(serving.pop)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close()
        left = dict(serving)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        # Who is cancelled before it began has hung up nothing.
        for writer in left.values():
            writer.close()


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
