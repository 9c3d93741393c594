# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes here of what moved on another replica? Viewers see it, and wishes are heeded."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from api.executions.changes import FEED, Changes, Move
from api.executions.schemas import Execution


class ExecutionsReading(Protocol):
    """The executions, as far as they are shown."""

    async def list_by_id(self, execution_ids: Collection[str]) -> Sequence[Execution]:
        """List the executions with these ids, as far as they exist."""
        ...

    async def list_all(self, run_id: int) -> Sequence[Execution]:
        """List all executions of a run."""
        ...


class RelayWork(Protocol):
    """A unit of work as far as relaying needs it."""

    @property
    def executions(self) -> ExecutionsReading:
        """The executions."""
        ...


class Relay:
    """Shows the moves of other replicas; one for the whole process."""

    def __init__(
        self,
        read_work: Callable[[], AbstractAsyncContextManager[RelayWork]],
        changes: Changes,
        heed: Callable[[Collection[int] | None], Awaitable[None]],
    ) -> None:
        """Take whom to tell; ``heed`` looks at what is wished of these runs, or of all."""
        self._read_work = read_work
        self._changes = changes
        self._heed = heed

    async def receive(self, moves: list[Move]) -> None:
        """Tell whoever wants to know here."""
        wishes = {move.run_id for move in moves if move.kind == "wish"}
        if wishes:
            await self._heed(wishes)
        wanted = [move for move in moves if self._changes.has_subscribers(move)]
        changed = {move.execution_id for move in wanted if move.kind == "execution"}
        if changed:
            async with self._read_work() as work:
                for execution in await work.executions.list_by_id(changed):
                    self._changes.show_execution(execution)
        for move in wanted:
            if move.kind != "execution":
                self._changes.show(move)

    async def catch_up(self) -> None:
        """Tell everybody here to look at everything: moves may have been missed."""
        await self._heed(None)
        topics = self._changes.list_topics()
        runs = [topic for topic in topics if isinstance(topic, int)]
        async with self._read_work() as work:
            executions = list(
                await work.executions.list_by_id([t for t in topics if isinstance(t, str)])
            )
            for run_id in runs:
                executions += await work.executions.list_all(run_id)
        for execution in executions:
            self._changes.show_execution(execution)
            self._changes.show(Move("log", execution.run_id, execution.id))
            self._changes.show(Move("events", execution_id=execution.id))
        for run_id in runs:
            self._changes.show(Move("run", run_id))
        self._changes.show(Move("events", execution_id=FEED))
