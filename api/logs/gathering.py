# SPDX-License-Identifier: GPL-3.0-or-later
"""How is what takes long for one log done for many at once? For all who asked meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

MAX_TOGETHER = 100
"""The most logs at once: each may need open files."""

Outcome = int | Exception
"""What is returned to the one who asked, or raised there."""


class Gathering:
    """Does something for logs, by their ids; what is asked for meanwhile is done together next."""

    def __init__(self, do: Callable[[Sequence[str]], Awaitable[Sequence[Outcome]]]) -> None:
        """Take what does it for many; it answers in their order."""
        self._do = do
        self._waiting: list[tuple[str, asyncio.Future[int]]] = []
        self._doing: asyncio.Task[None] | None = None

    async def ask(self, execution_id: str) -> int:
        """Return when it is done; raises what it ended with."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((execution_id, done))
        if self._doing is None:
            self._doing = asyncio.create_task(self._do_all())
        return await done

    async def finish(self) -> None:
        """Return when nothing is under way."""
        if self._doing is not None:
            await self._doing

    async def _do_all(self) -> None:
        try:
            while self._waiting:
                asked = self._waiting[:MAX_TOGETHER]
                del self._waiting[:MAX_TOGETHER]
                for (_, done), outcome in zip(asked, await self._try(asked), strict=True):
                    _settle(done, outcome)
        finally:
            self._doing = None

    async def _try(self, asked: Sequence[tuple[str, object]]) -> Sequence[Outcome]:
        try:
            return await self._do([execution_id for execution_id, _ in asked])
        except Exception as error:  # noqa: BLE001 - handed to those who asked
            return [error] * len(asked)


def _settle(done: "asyncio.Future[int]", outcome: Outcome) -> None:
    """Hand over the outcome, unless the one who asked has gone."""
    if done.cancelled():
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)
