# SPDX-License-Identifier: GPL-3.0-or-later
"""Who notices that nobody reports a run any more? Its workflow, which does nothing but wait.

While the control plane stood still it could hear nobody, so that the time counts from its start.
"""

import asyncio

import structlog

from api.core.clock import Clock
from api.executions.states import END_STATES
from api.workflows.recorder import Recorder
from api.workflows.work import OpenWork

_log = structlog.get_logger(__name__)


class ReportWatch:
    """One reported run, while it is waited for its end."""

    def __init__(
        self,
        open_work: OpenWork,
        recorder: Recorder,
        clock: Clock,
        run_id: int,
        lost_after_s: float,
    ) -> None:
        self._open_work = open_work
        self._recorder = recorder
        self._clock = clock
        self._run_id = run_id
        self._lost_after_s = lost_after_s
        self._wake = asyncio.Event()

    def look_again(self) -> None:
        """Find out whether it has ended."""
        self._wake.set()

    async def go(self) -> None:
        """Return when the run has ended, or was given up."""
        since = self._clock.now()
        while True:
            self._wake.clear()
            async with self._open_work(read_only=True) as work:
                standing = await work.reporting.get_standing(self._run_id)
            if standing.status in END_STATES:
                return
            heard_at = max(since, standing.heard_at)
            left_s = self._lost_after_s - (self._clock.now() - heard_at).total_seconds()
            if left_s <= 0:
                _log.warning("reporter_lost", run=self._run_id)
                await self._recorder.lose_report(self._run_id, self._lost_after_s)
                return
            await self._wait(left_s)

    async def _wait(self, delay_s: float) -> None:
        """Wait for the time or for somebody who says that something has changed."""
        tasks = [
            asyncio.create_task(self._clock.sleep(delay_s)),
            asyncio.create_task(self._wake.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
