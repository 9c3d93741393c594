# SPDX-License-Identifier: GPL-3.0-or-later
"""What must a driver know before an execution begins? Read for many executions at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from api.agents.calls import Endpoint
from api.core.clock import Clock
from api.executions.service import Task
from api.hosts.targets import AVAILABLE, HostStanding, HostView
from api.runs.orders import Order
from api.workflows.work import OpenWork

BATCH = 100
"""How many executions are read at once."""

FRESH_S = 5.0
"""What was read of a host is used for so long: it may be in maintenance by now, or elsewhere."""

NOTHING = HostView()


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a driver gets with an execution."""

    task: Task
    order: Order
    endpoint: Endpoint | None
    """None where the host has no agent, or is gone."""
    view: HostView = NOTHING
    """What the host is told of the fleet; nothing where it needs to know nothing."""
    standing: HostStanding = AVAILABLE


class Briefings:
    """Reads the briefings of one run, those of the next executions ahead.

    Executions begin one by one as others end; a query for each would set the pace of the run.
    """

    def __init__(self, open_work: OpenWork, order: Order, clock: Clock) -> None:
        self._open_work = open_work
        self._order = order
        self._clock = clock
        self._known: dict[str, Briefing] = {}
        self._read_at = 0.0

    async def get(self, tasks: Sequence[Task], upcoming: Iterable[Task]) -> list[Briefing]:
        """Return the briefings of executions; ``upcoming`` are those that are likely to be next."""
        if self._clock.monotonic() - self._read_at > FRESH_S:
            self._known.clear()
        missing = [task for task in tasks if task.id not in self._known]
        if missing:
            self._read_at = self._clock.monotonic()
            missing += islice(upcoming, max(0, BATCH - len(missing)))
            for start in range(0, len(missing), BATCH):
                await self._read(missing[start : start + BATCH])
        return [self._known.pop(task.id) for task in tasks]

    async def _read(self, tasks: Sequence[Task]) -> None:
        host_ids = [task.host_id for task in tasks if task.host_id is not None]
        views: Mapping[int, HostView] = {}
        async with self._open_work(read_only=True) as work:
            endpoints = await work.host_agents.find_endpoints(host_ids)
            standings = await work.hosts.list_standings(host_ids)
            if self._order.kind == "playbook":
                views = await work.host_selection.build_views(host_ids)
        for task in tasks:
            host_id = task.host_id or 0
            self._known[task.id] = Briefing(
                task,
                self._order,
                endpoints.get(host_id),
                views.get(host_id, NOTHING),
                standings.get(host_id, AVAILABLE),
            )
