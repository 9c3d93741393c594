# SPDX-License-Identifier: GPL-3.0-or-later
"""Who drives executions of which kind, and how many of them at once?"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from api.executions.places import Claim, PlaceLimit
from api.executions.service import End, Task
from api.hosts.targets import HostStanding
from api.runs.rollout.schemas import Rollout
from api.workflows.briefing import Briefing
from api.workflows.turns.slots import Line, Slots


class ExecutionDriver(Protocol):
    """Brings executions to their end."""

    async def drive(self, briefing: Briefing, canceled: asyncio.Event) -> End:
        """Bring a running execution to its end and return that end.

        Raises:
            ExecutionHeldError: it has not begun, and must wait for its host.
        """
        ...

    async def acknowledge(self, briefing: Briefing, /) -> bool:
        """Tell whoever reported the end that it is stored; return whether they know."""
        ...


@dataclass(frozen=True, slots=True)
class Group:
    """Executions that count together on a host."""

    name: str
    kinds: frozenset[str]
    """The kinds of their runs."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A driver, the places for its executions, and how many one host takes at once."""

    driver: ExecutionDriver
    slots: Slots
    group: Group
    host_limit: int | None
    """Executions of the group on a host; None for no limit but the agent's own."""
    find_own_limit: Callable[[HostStanding], int | None] = lambda _standing: None
    """Returns the limit of a host that has one of its own."""
    shares_with: frozenset[str] | None = None
    """The kinds that share the places over all replicas; None where there are no others."""
    needs_agent: bool = True
    """Whether maintenance and agents that are offline keep executions from beginning."""

    def make_claim(self, task: Task, kind: str, host_limit: int | None) -> Claim | None:
        """Return what an execution claims of all replicas; None where there are no others."""
        if self.shares_with is None:
            return None
        return Claim(
            task.id,
            kind,
            task.host_id,
            PlaceLimit(self.shares_with, self.slots.limit),
            None if host_limit is None else PlaceLimit(self.group.kinds, host_limit),
        )

    def open_line(
        self, rollout: Rollout, standings: Mapping[int, HostStanding], notify: Callable[[], None]
    ) -> Line:
        """Let a run stand in line."""
        own = {host_id: self.find_own_limit(standing) for host_id, standing in standings.items()}
        return Line(
            self.slots,
            group=self.group.name,
            priority=rollout.priority,
            forks=rollout.forks,
            host_limit=self.host_limit,
            host_limits={host_id: limit for host_id, limit in own.items() if limit is not None},
            notify=notify,
        )
