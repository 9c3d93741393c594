# SPDX-License-Identifier: GPL-3.0-or-later
"""With what does the journey of a run begin?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from api.core.clock import Clock
from api.executions.service import Task
from api.hosts.targets import HostStanding
from api.runs.orders import Order
from api.runs.rollout.control import Wishes
from api.workflows.recorder import Recorder
from api.workflows.turns.host_waits import HostWaits
from api.workflows.work import OpenWork


@dataclass(frozen=True, slots=True)
class JourneyParts:
    """What the journeys of all runs share."""

    open_work: OpenWork
    recorder: Recorder
    host_waits: HostWaits
    clock: Clock
    owe: Callable[[int], None]
    """Takes a host whose agent is to be told or asked once more when it is heard of."""


@dataclass(frozen=True, slots=True)
class Itinerary:
    """A run as it stands when somebody begins to drive it."""

    run_id: int
    order: Order
    tasks: Sequence[Task]
    """All its executions, in their order."""
    standings: Mapping[int, HostStanding]
    wishes: Wishes
