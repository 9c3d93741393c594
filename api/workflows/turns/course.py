# SPDX-License-Identifier: GPL-3.0-or-later
"""Where does a run stand among its waves? Only counting: no clock, no database, no agents.

A wave is over when nothing of it runs or stands in line and something of it has ended. Hosts that
are waited for do not hold up the next wave, unless the whole wave consists of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from api.executions.service import Task
from api.executions.states import State
from api.runs.rollout.budget import Budget
from api.runs.rollout.schemas import Rollout


@dataclass
class _Wave:
    """The executions that go together."""

    size: int = 0
    idle: dict[str, Task] = field(default_factory=dict)
    """Not begun, since the wave has not."""
    active: set[str] = field(default_factory=set)
    """In line or under way."""
    held: set[str] = field(default_factory=set)
    """Waiting for their hosts."""
    ended: int = 0
    last_end: datetime | None = None

    @property
    def is_over(self) -> bool:
        return not self.idle and not self.active and (self.ended > 0 or not self.held)


class Course:
    """The waves of one run."""

    def __init__(self, tasks: Sequence[Task], rollout: Rollout) -> None:
        """Take all executions of the run in their order, as they stand."""
        self._positions = {task.id: position for position, task in enumerate(tasks)}
        self._waves = [_Wave() for _ in range(max((task.wave for task in tasks), default=1))]
        for task in tasks:
            self._waves[task.wave - 1].size += 1
        self._budget = Budget(rollout, [wave.size for wave in self._waves])
        self.opened = 0
        """The number of the last wave that has begun."""
        for task in tasks:
            if task.end is not None:
                self.note_end(task, task.status, task.finished_at)
            elif task.status == "pending":
                self._waves[task.wave - 1].idle[task.id] = task
            else:
                self._waves[task.wave - 1].active.add(task.id)

    @property
    def is_over(self) -> bool:
        """Whether everything has ended."""
        return not any(wave.idle or wave.active or wave.held for wave in self._waves)

    @property
    def has_pending(self) -> bool:
        """Whether something could still begin."""
        return any(wave.idle or wave.held for wave in self._waves)

    @property
    def held(self) -> int:
        """How many executions wait for their hosts."""
        return sum(len(wave.held) for wave in self._waves)

    @property
    def may_open(self) -> bool:
        """Whether the next wave could begin, as far as the one before is concerned."""
        if self.opened == len(self._waves):
            return False
        return self.opened == 0 or self._waves[self.opened - 1].is_over

    @property
    def last_end(self) -> datetime | None:
        """When the last execution ended of the wave that has begun last."""
        return self._waves[self.opened - 1].last_end if self.opened else None

    def open_wave(self) -> list[Task]:
        """Begin the next wave and return its executions, in their order."""
        wave = self._waves[self.opened]
        self.opened += 1
        tasks = list(wave.idle.values())
        wave.active |= wave.idle.keys()
        wave.idle.clear()
        return tasks

    def get_position(self, task: Task) -> int:
        """Return the task's place in the order of the run."""
        return self._positions[task.id]

    def hold(self, task: Task) -> None:
        """Note that it waits for its host."""
        wave = self._waves[task.wave - 1]
        wave.active.discard(task.id)
        wave.held.add(task.id)

    def come_back(self, task: Task) -> None:
        """Note that its host is to be tried again."""
        wave = self._waves[task.wave - 1]
        wave.held.discard(task.id)
        wave.active.add(task.id)

    def note_end(self, task: Task, status: State, at: datetime | None) -> None:
        """Note how it ended, and when."""
        wave = self._waves[task.wave - 1]
        self._drop(wave, [task.id])
        wave.ended += 1
        wave.last_end = max(filter(None, (wave.last_end, at)), default=None)
        self._budget.note_end(task.wave, status)

    def drop(self, task_ids: Iterable[str]) -> None:
        """Note that these were ended by somebody else before they began."""
        dropped = list(task_ids)
        for wave in self._waves:
            self._drop(wave, dropped)

    def drop_pending(self) -> None:
        """Note the same of everything that has not stood in line, or waits for its host."""
        for wave in self._waves:
            wave.idle.clear()
            wave.held.clear()

    def find_excess(self) -> str | None:
        """Say which failures stop the run, or None."""
        return self._budget.find_excess()

    @staticmethod
    def _drop(wave: _Wave, task_ids: Iterable[str]) -> None:
        for task_id in task_ids:
            wave.idle.pop(task_id, None)
            wave.active.discard(task_id)
            wave.held.discard(task_id)
