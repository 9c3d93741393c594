# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told that the ends of a run are stored? The agents that reported them, many at once."""

import asyncio
from collections.abc import Callable

from api.executions.service import End
from api.workflows.briefing import BATCH, Briefing
from api.workflows.recorder import Recorder
from api.workflows.turns.lanes import ExecutionDriver


class Settling:
    """What is owed to the agents of one run."""

    def __init__(
        self, driver: ExecutionDriver, recorder: Recorder, owe: Callable[[int], None]
    ) -> None:
        """Take who tells them, and what takes hosts that are to be told or asked again later."""
        self._driver = driver
        self._recorder = recorder
        self._owe = owe
        self._ended: list[Briefing] = []

    async def note(self, briefing: Briefing, end: End) -> None:
        """Take an execution whose end is stored; of many, the agents are told at once."""
        if end.is_from_agent:
            self._ended.append(briefing)
            if len(self._ended) >= BATCH:
                await self.tell_agents()
        elif end.is_owed:
            self._put_off(briefing)

    async def tell_agents(self) -> None:
        """Tell the agents; those that cannot be told keep their copy, and are told later."""
        ended, self._ended = self._ended, []
        for start in range(0, len(ended), BATCH):
            batch = ended[start : start + BATCH]
            known = await asyncio.gather(*map(self._driver.acknowledge, batch))
            told = [each for each, is_known in zip(batch, known, strict=True) if is_known]
            await self._recorder.acknowledge([briefing.task.id for briefing in told])
            for briefing, is_known in zip(batch, known, strict=True):
                if not is_known:
                    self._put_off(briefing)

    def _put_off(self, briefing: Briefing) -> None:
        if briefing.task.host_id is not None:
            self._owe(briefing.task.host_id)
