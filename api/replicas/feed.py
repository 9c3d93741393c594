# SPDX-License-Identifier: GPL-3.0-or-later
"""How do replicas tell each other what moved? Over PostgreSQL's NOTIFY; owns ``psycopg``.

What moves within a few milliseconds is one message, of ids only: what they stand for is read from
the tables by whoever has somebody that wants to know. Messages can be lost with a connection, so
whoever had to connect again is told to look at everything once more.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import psycopg
import structlog

from api.core.clock import Clock
from api.executions.changes import Move

CHANNEL = "myx_moves"

GATHER_S = 0.01
"""How long moves are gathered before they are told."""

RECONNECT_S = 1.0
"""The pause before a lost connection is made again."""

MAX_MOVES = 120
"""The most moves in a message: PostgreSQL takes 8,000 bytes."""

_log = structlog.get_logger(__name__)

Receive = Callable[[list[Move]], Awaitable[None]]


class ReplicaFeed:
    """Carries moves from and to the other replicas; one for the whole process."""

    def __init__(
        self,
        url: str,
        sender: str,
        receive: Receive,
        catch_up: Callable[[], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """Take whom to tell.

        Args:
            url: the libpq URL of the database.
            sender: a name of this process that no other one has.
            receive: takes moves that happened elsewhere.
            catch_up: called when moves may have been missed.
            clock: measures the pauses.
        """  # fmt: skip
        self._url = url
        self._sender = sender
        self._receive = receive
        self._catch_up = catch_up
        self._clock = clock
        self._moves: dict[Move, None] = {}
        self._moved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin to listen and to tell; returns when it listens."""
        listening = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._keep(lambda: self._listen(listening), "listen")),
            asyncio.create_task(self._keep(self._tell_for_ever, "tell")),
        ]
        await listening.wait()

    async def close(self) -> None:
        """Stop; what was not told yet is told no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tell(self, move: Move) -> None:
        """Tell the others soon."""
        self._moves[move] = None
        self._moved.set()

    async def _keep(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Do the work again and again, with a pause where the connection breaks."""
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - whoever listens must not stop listening
                _log.warning("replica_feed_broken", work=name, cause=" ".join(str(error).split()))
            await self._clock.sleep(RECONNECT_S)

    async def _listen(self, listening: asyncio.Event) -> None:
        async with await self._connect() as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            if listening.is_set():
                await self._catch_up()
            listening.set()
            async for notice in connection.notifies():
                sender, moves = _decode(notice.payload)
                if sender != self._sender:
                    await self._receive(moves)

    async def _tell_for_ever(self) -> None:
        async with await self._connect() as connection:
            while True:
                await self._moved.wait()
                await asyncio.sleep(GATHER_S)
                self._moved.clear()
                while self._moves:
                    moves = list(self._moves)[:MAX_MOVES]
                    payload = _encode(self._sender, moves)
                    await connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
                    for move in moves:
                        self._moves.pop(move, None)

    async def _connect(self) -> "psycopg.AsyncConnection[Any]":
        return await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, application_name="myx-feed", connect_timeout=10
        )


def _encode(sender: str, moves: Iterable[Move]) -> str:
    return json.dumps([sender, *moves], separators=(",", ":"))


def _decode(payload: str) -> tuple[str, list[Move]]:
    """Read a message; one of a newer version of MyX may hold what this one does not know."""
    with contextlib.suppress(ValueError, TypeError):
        sender, *moves = json.loads(payload)
        return str(sender), [Move(*move) for move in moves]
    return "", []
