# SPDX-License-Identifier: GPL-3.0-or-later
"""How is something done again and again in the background, until the process stops?

Its pauses are real time whatever the clock of a test says: what is due is the clock's business.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from api.core.errors import MyxError

_log = structlog.stdlib.get_logger(__name__)


class Ticker:
    """Takes a step every so often; one that fails is logged, and the next one is another try."""

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[object]],
        every_s: float,
        first_s: float | None = None,
    ) -> None:
        """Take what to do; the first time is after ``first_s``, where it is not ``every_s``."""
        self._name = name
        self._step = step
        self._every_s = every_s
        self._first_s = every_s if first_s is None else first_s
        self._ticking: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin."""
        self._ticking = asyncio.create_task(self._tick_for_ever())

    async def close(self) -> None:
        """Stop, in the middle of a step too."""
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)

    async def _tick_for_ever(self) -> None:
        pause_s = self._first_s
        while True:
            await asyncio.sleep(pause_s)
            pause_s = self._every_s
            try:
                await self._step()
            except MyxError as error:
                _log.warning("step_failed", of=self._name, cause=error.message)
            except Exception:  # noqa: BLE001 - the next step is the second try
                _log.exception("step_failed", of=self._name)
