# SPDX-License-Identifier: GPL-3.0-or-later
"""Who keeps book of how busy hosts were? Samples come in, and go out in at most 400 steps."""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil

from api.core.clock import Clock
from api.hosts.errors import HostNotFoundError
from api.hosts.loads.repository import LoadRepository, Step
from api.hosts.loads.sample import Sample
from api.hosts.loads.schemas import Level, LoadHistory, LoadPoint, LoadQuery
from api.models.fleet.host_load import SLOT_S, begin_slot, number_slot

MAX_STEPS = 400
"""Steps in one answer: what is longer is told in longer ones."""

DAY = timedelta(days=1)

_MOMENT = timedelta(microseconds=1)


class LoadService:
    """How busy hosts were, in one unit of work."""

    def __init__(self, repository: LoadRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    async def record_samples(self, samples: Sequence[Sample]) -> None:
        """Keep samples; of hosts without an installed agent none are kept."""
        await self._repository.add_samples(samples)

    async def read_history(self, name: str, query: LoadQuery) -> LoadHistory:
        """Tell how busy a host was over time.

        Raises:
            HostNotFoundError: there is no such host within the scope.
        """
        host_id = await self._repository.find_host_id(name)
        if host_id is None:
            raise HostNotFoundError.of(name)
        until = query.until or self._clock.now()
        since = query.since or max(until - DAY, begin_slot(0))
        first, last = number_slot(since), number_slot(until - _MOMENT)
        count = max(1, last - first + 1)
        slots = ceil(count / MAX_STEPS)
        end = first + ceil(count / slots) * slots
        rows = await self._repository.list_steps(host_id, first, end, slots)
        return LoadHistory(
            since=begin_slot(first),
            until=begin_slot(end),
            step_s=slots * SLOT_S,
            points=[_describe(row, first + row.number * slots) for row in rows],
        )


def _describe(row: Step, slot: int) -> LoadPoint:
    return LoadPoint(
        at=begin_slot(slot),
        load_1m=_level(row.load_mean, row.load_max, 100),
        memory_used_percent=_level(row.memory_mean, row.memory_max, 10),
        disk_used_percent=_level(row.disk_mean, row.disk_max, 10),
    )


def _level(mean: float, most: int, unit: int) -> Level:
    return Level(mean=round(mean / unit, 2), max=most / unit)
