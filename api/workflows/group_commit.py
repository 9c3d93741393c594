# SPDX-License-Identifier: GPL-3.0-or-later
"""How do many executions write at once without a commit for each? What waits is committed together.

A commit waits for the disk. While one is under way, whatever wants to be written gathers, and the
next commit takes all of it: a thousand hosts that end in the same second cost a few commits. Where
many want the same written, each for its own execution, that is also one statement and not many.

On PostgreSQL such a transaction runs beside others: what is written here are guarded updates and
inserts of what may be there already, which need no other writer to wait.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from api.workflows.work import OpenWork, Work

I = TypeVar("I")  # noqa: E741 - an item, beside T
T = TypeVar("T")

MAX_GROUP = 200
"""The most pieces of work in one transaction, so that readers and other writers get their turn."""


@dataclass(slots=True)
class _Piece:
    """What one of those who wait wants."""

    write: Callable[[Work, Sequence[Any]], Awaitable[Sequence[Any]]]
    """Writes for all that come with the same one, and returns the result of each."""
    item: Any
    done: "asyncio.Future[Any]"


class GroupCommit:
    """Runs pieces of work in shared transactions."""

    def __init__(self, open_work: OpenWork) -> None:
        self._open_work = open_work
        self._waiting: list[_Piece] = []
        self._committing: asyncio.Task[None] | None = None

    async def run(self, work: Callable[[Work], Awaitable[T]]) -> T:
        """Do the work in a transaction and return its result when it is committed.

        Where one piece of a group raises, each is done again in a transaction of its own, so that
        only the one that raised fails: work must not have effects outside its transaction.
        """

        async def write(unit: Work, _items: Sequence[None]) -> Sequence[T]:
            return [await work(unit)]

        return await self.join(write, None)

    async def join(
        self, write: Callable[[Work, Sequence[I]], Awaitable[Sequence[T]]], item: I
    ) -> T:
        """Let ``write`` do it once for the items of all who come with the same function.

        It returns a result for each item, in their order; else as ``run``.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Piece(write, item, done))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        return await done

    async def close(self) -> None:
        """Return when everything is committed."""
        if self._committing is not None:
            await self._committing

    async def _commit_all(self) -> None:
        try:
            await asyncio.sleep(0)  # whoever writes in the same moment comes into the first group
            while self._waiting:
                group, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
                await self._commit_group(group)
        finally:
            self._committing = None

    async def _commit_group(self, group: list[_Piece]) -> None:
        try:
            async with self._open_work(concurrent=True) as unit:
                results = await _write_all(unit, group)
        except Exception as error:  # noqa: BLE001 - handed to the one who asked
            if len(group) == 1:
                _settle(group[0].done, error)
                return
            for piece in group:
                await self._commit_group([piece])
            return
        for piece, result in results:
            _settle(piece.done, result)


async def _write_all(unit: Work, group: Sequence[_Piece]) -> list[tuple[_Piece, Any]]:
    """Write each kind of thing once, in the order in which the first of them came."""
    together: dict[Any, list[_Piece]] = {}
    for piece in group:
        together.setdefault(piece.write, []).append(piece)
    results: list[tuple[_Piece, Any]] = []
    for write, pieces in together.items():
        written = await write(unit, [piece.item for piece in pieces])
        results += zip(pieces, written, strict=True)
    return results


def _settle(done: "asyncio.Future[Any]", outcome: Any) -> None:
    """Hand over the outcome, unless the one who asked has gone."""
    if done.cancelled():
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)
