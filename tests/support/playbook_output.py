# SPDX-License-Identifier: GPL-3.0-or-later
"""How do tests look at what a playbook prints, and stop it where they want?"""

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COLOR = re.compile(r"\x1b\[[0-9;]*m")


def plain_text(text: str) -> str:
    """Return the text without its colours."""
    return COLOR.sub("", text)


def event_names(events: list[dict[str, Any]]) -> list[str]:
    """Return what kind each event is of."""
    return [event["event"] for event in events]


@contextmanager
def hold_fifo(path: Path) -> Iterator[int]:
    """Make a fifo and hold both its ends, so that neither side ever blocks the test."""
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield fd
    finally:
        os.close(fd)


async def read_when_there(fd: int) -> bytes:
    """Return what somebody writes into a fifo."""
    there = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(fd, there.set)
    try:
        async with asyncio.timeout(60):
            await there.wait()
        return os.read(fd, 100)
    finally:
        loop.remove_reader(fd)
