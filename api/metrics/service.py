# SPDX-License-Identifier: GPL-3.0-or-later
"""How do things stand, and is the control plane ready to work?"""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from api.agents.calls import AgentCalls
from api.core.clock import Clock
from api.core.errors import MyxError
from api.metrics.errors import NotReadyError
from api.metrics.figures import Figures
from api.metrics.log_lag import LogLag
from api.metrics.loop_lag import LoopLag
from api.metrics.measured_calls import MeasuredCalls
from api.metrics.repository import StandingRepository
from api.metrics.retention_figures import RetentionFigures
from api.metrics.standing import Standing

FRESH_S = 5.0
"""How long counts are good for: several who ask at once cost one read."""

READY_WITHIN_S = 5.0
"""How long the database may take to count as ready."""

LEAST_FREE_BYTES = 64 * 1024 * 1024
"""With less room in the data directory it is not ready: logs would be cut off."""


class StandingWork(Protocol):
    """A unit of work that has the counts in it."""

    @property
    def standing(self) -> StandingRepository:
        """The counts."""
        ...


class OpenStandingWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool) -> AbstractAsyncContextManager[StandingWork]:
        """Open one transaction."""
        ...


class Monitor:
    """Answers those who watch the control plane; one for the whole process."""

    def __init__(
        self,
        open_work: OpenStandingWork,
        clock: Clock,
        data_dir: Path,
        count_connections: Callable[[], int],
    ) -> None:
        """Take what it measures; ``count_connections`` says how many of the pool are in use."""
        self._open_work = open_work
        self._figures = Figures()
        self._loop_lag = LoopLag(self._figures)
        self._log_lag = LogLag()
        self._clock = clock
        self._data_dir = data_dir
        self._count_connections = count_connections
        self._standing: Standing | None = None
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self.is_open = False

    def open(self) -> None:
        """Say that everything is open, and measure."""
        self.is_open = True
        self._loop_lag.open()

    def close(self) -> None:
        """Say that it is going to be closed."""
        self.is_open = False
        self._loop_lag.close()

    @property
    def retention(self) -> RetentionFigures:
        """What counts what is removed as too old."""
        return self._figures.retention

    def measure(self, calls: AgentCalls) -> MeasuredCalls:
        """Return the same calls, measured."""
        return MeasuredCalls(calls, self._figures, self._log_lag, self._clock)

    def read_log_behind(self) -> int:
        """Return the most bytes of a log that its host held and this process did not, lately."""
        return self._log_lag.read(self._clock.monotonic())

    def note_set_aside(self, count: int) -> None:
        """Count what could not be told by notifications, and will not be tried again."""
        self._figures.note_set_aside(count)

    async def write_figures(self) -> bytes:
        """Write all figures in Prometheus's text format."""
        async with self._reading:
            now = self._clock.monotonic()
            if self._standing is None or now - self._read_at >= FRESH_S:
                self._standing = await self._read()
                self._read_at = now
        return self._figures.write(self._standing)

    async def check(self) -> None:
        """Look at database, durable engine and disk.

        Raises:
            NotReadyError: names what is wrong.
        """
        engine = None if self.is_open else "The durable engine is not open (yet)."
        wrong = filter(None, (await self._check_database(), engine, self._check_disk()))
        if found := " ".join(wrong):
            raise NotReadyError(found)

    async def _read(self) -> Standing:
        started = self._clock.monotonic()
        connections = self._count_connections()
        async with self._open_work(read_only=True) as work:
            counts = work.standing
            seen = await counts.find_longest_unseen()
            age_s = 0.0 if seen is None else (self._clock.now() - seen).total_seconds()
            return Standing(
                await counts.count_hosts(),
                await counts.count_runs(),
                await counts.count_executions(),
                await counts.count_deliveries(),
                max(0.0, age_s),
                connections,
                self._clock.monotonic() - started,
            )

    async def _check_database(self) -> str | None:
        try:
            async with asyncio.timeout(READY_WITHIN_S), self._open_work(read_only=True) as work:
                await work.standing.check()
        except MyxError as error:
            return error.message
        except TimeoutError:
            return f"The database does not answer within {READY_WITHIN_S:g} s."
        return None

    def _check_disk(self) -> str | None:
        try:
            free = shutil.disk_usage(self._data_dir).free
        except OSError as error:
            return f"The data directory cannot be used: {error.strerror}."
        if free < LEAST_FREE_BYTES:
            return f"The disk of the data directory has {free} bytes free; free some space."
        return None
