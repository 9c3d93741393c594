# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reads logs as they are written? Viewers in one event loop, by events or by polls."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from driver.control_plane import ControlPlane

POLL_S = 1.0
_LIMIT_BYTES = 2**22

Note = Callable[[str, float], None]
"""Takes an execution's text and when it came, in Unix seconds."""


def open_session(plane: ControlPlane) -> aiohttp.ClientSession:
    """Open a client with the admin's token; reads have no time limit."""
    return aiohttp.ClientSession(
        base_url=plane.url,
        headers={"Authorization": f"Bearer {plane.token}"},
        timeout=aiohttp.ClientTimeout(total=None),
        connector=aiohttp.TCPConnector(limit=0),
        read_bufsize=_LIMIT_BYTES,
        max_line_size=_LIMIT_BYTES,
    )


async def stream(session: aiohttp.ClientSession, run_id: int, note: Note) -> None:
    """Follow a run's events to its end and note the text of all logs."""
    async for event, data in iterate_events(session, run_id):
        if event == b"log":
            note(json.loads(data)["log_data"], time.time())


async def iterate_events(
    session: aiohttp.ClientSession, run_id: int
) -> AsyncIterator[tuple[bytes, bytes]]:
    """Yield the events of a run with their data, until its end."""
    async with session.get(f"/api/v1/runs/{run_id}/stream") as answer:
        buffered, event = b"", b""
        async for chunk in answer.content.iter_any():
            lines = (buffered + chunk).split(b"\n")
            buffered = lines.pop()
            for line in lines:
                if line.startswith(b"event: "):
                    event = line[7:]
                elif line.startswith(b"data: "):
                    yield event, line[6:]
                    if event == b"end":
                        return


async def poll(session: aiohttp.ClientSession, execution_id: str, note: Note) -> None:
    """Read a log once a second to its end and note its text."""
    offset = 0
    while True:
        path = f"/api/v1/executions/{execution_id}/log"
        async with session.get(path, params={"offset": offset}) as answer:
            piece: dict[str, Any] = await answer.json()
        offset = piece["new_offset"]
        if piece["log_data"]:
            note(piece["log_data"], time.time())
        if piece["is_final"]:
            return
        await asyncio.sleep(POLL_S)
