# SPDX-License-Identifier: GPL-3.0-or-later
"""What must a driver know before an execution begins? Read for many executions at once.

A batch is as large as what may run at once, so that what was read of a host is not old when its
turn comes.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.agents.calls import Endpoint
from api.executions.service import Task
from api.runs.service import Order
from api.workflows.work import OpenWork

BATCH = 100
"""How many executions are read at once."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a driver gets with an execution."""

    task: Task
    order: Order
    endpoint: Endpoint | None
    """None where the host has no agent, or is gone."""
    inventory: Mapping[str, Any] = field(default_factory=dict)


async def brief_all(
    open_work: OpenWork, order: Order, tasks: Sequence[Task]
) -> AsyncIterator[Briefing]:
    """Yield the briefings of executions, in their order."""
    for start in range(0, len(tasks), BATCH):
        batch = tasks[start : start + BATCH]
        host_ids = [task.host_id for task in batch if task.host_id is not None]
        inventories: Mapping[int, dict[str, Any]] = {}
        async with open_work(read_only=True) as work:
            endpoints = await work.host_agents.find_endpoints(host_ids)
            if order.kind == "playbook":
                inventories = await work.hosts.build_inventories(host_ids)
        for task in batch:
            host_id = task.host_id or 0
            yield Briefing(task, order, endpoints.get(host_id), inventories.get(host_id, {}))
