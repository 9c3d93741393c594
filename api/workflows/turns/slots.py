# SPDX-License-Identifier: GPL-3.0-or-later
"""Which execution of which run begins when a place is free?

There are so many places over all runs, so many for each run (``forks``), and so many on each host.
A run with more priority comes first; among equal ones the run that has the fewest executions under
way, so that a run over ten thousand hosts does not keep one over three waiting. Inside a run the
order of its hosts decides; a host that is busy holds up nobody behind it.

Everything happens on the event loop, so there is nothing to lock.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from itertools import chain, count

from api.executions.places import Refusal
from api.executions.service import Task

HostKey = int | str
Entry = tuple[int, Task]
"""The task's place in its run, and the task."""


class Slots:
    """The places for executions of some kinds, over all runs."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._lines: list[Line] = []
        self._on_host: Counter[tuple[str, HostKey]] = Counter()
        self._blocked: defaultdict[tuple[str, HostKey], list[tuple[Line, Entry]]]
        self._blocked = defaultdict(list)
        self._turns = count()
        self._is_suspended = False
        """Whether other replicas have taken all places that there are over all of them."""

    def open_line(self, line: "Line") -> None:
        """Let a run stand in line."""
        self._lines.append(line)

    def close_line(self, line: "Line") -> None:
        """Let it leave."""
        line.withdraw()
        self._lines.remove(line)

    def has_room(self, line: "Line", task: Task) -> bool:
        """Say whether the task's host may take one more of this kind."""
        limit = line.find_host_limit(task)
        return limit is None or self._on_host[line.group, get_host_key(task)] < limit

    def block(self, line: "Line", entry: Entry) -> None:
        """Remember a task until something ends on its host."""
        self._blocked[line.group, get_host_key(entry[1])].append((line, entry))

    def unblock(self, line: "Line") -> None:
        """Forget the tasks of a line that wait for their hosts."""
        for key, waiting in list(self._blocked.items()):
            kept = [each for each in waiting if each[0] is not line]
            if kept:
                self._blocked[key] = kept
            else:
                del self._blocked[key]

    def occupy(self, line: "Line", task: Task) -> None:
        """Take a place, whether there is one or not: the execution runs already."""
        self.taken += 1
        line.last_turn = next(self._turns)
        self._on_host[line.group, get_host_key(task)] += 1

    def give_back(self, line: "Line", task: Task) -> None:
        """Free a place, and hand it on."""
        for waiting, entry in self._blocked.pop(self._leave(line, task), ()):
            waiting.put_back(entry)
        self._is_suspended = False
        self.hand_out()

    def refuse(self, line: "Line", entry: Entry, refusal: Refusal) -> None:
        """Take a place back that other replicas had taken already; see ``resume``."""
        self._leave(line, entry[1])
        if refusal == "full":
            self._is_suspended = True
            line.put_back(entry)
        else:
            self.block(line, entry)

    def resume(self) -> None:
        """Hand places out again, on all hosts: somebody may have ended elsewhere."""
        self._is_suspended = False
        for waiting, entry in chain.from_iterable(self._blocked.values()):
            waiting.put_back(entry)
        self._blocked.clear()
        self.hand_out()

    def hand_out(self) -> None:
        """Grant the free places."""
        while self.taken < self.limit and not self._is_suspended:
            able = [line for line in self._lines if line.is_able]
            if not able:
                return
            line = min(able, key=lambda each: (-each.priority, each.running, each.last_turn))
            line.grant_next()

    def _leave(self, line: "Line", task: Task) -> tuple[str, HostKey]:
        self.taken -= 1
        key = (line.group, get_host_key(task))
        self._on_host[key] -= 1
        if not self._on_host[key]:
            del self._on_host[key]
        return key


class Line:
    """Where one run stands in line for places."""

    def __init__(
        self,
        slots: Slots,
        *,
        group: str,
        priority: int,
        forks: int | None,
        host_limit: int | None,
        host_limits: Mapping[int, int],
        notify: Callable[[], None],
    ) -> None:
        """Take what the run may have.

        Args:
            slots: the places that it shares with the others.
            group: executions of one group count together on a host.
            priority: more comes first.
            forks: executions of the run at once, None for no limit of its own.
            host_limit: executions of the group at once on a host, None for no limit.
            host_limits: the same for hosts that differ, by id.
            notify: called when something was granted.
        """
        self.group = group
        self.priority = priority
        self.last_turn = -1
        self._slots = slots
        self._forks = forks
        self._host_limit = host_limit
        self._host_limits = host_limits
        self._notify = notify
        self._ready: list[Entry] = []
        self._waiting: set[str] = set()
        self._granted: list[Task] = []
        self._occupied: dict[str, Task] = {}
        slots.open_line(self)

    @property
    def running(self) -> int:
        """How many places it has."""
        return len(self._occupied)

    @property
    def is_able(self) -> bool:
        """Whether it could use a place."""
        return bool(self._ready) and (self._forks is None or self.running < self._forks)

    def add(self, task: Task, position: int) -> None:
        """Stand in line for an execution."""
        self._waiting.add(task.id)
        self.put_back((position, task))
        self._slots.hand_out()

    def put_back(self, entry: Entry) -> None:
        """Take an entry in whose host has room again."""
        heapq.heappush(self._ready, entry)

    def take(self) -> list[Task]:
        """Return what was granted since the last call; each must be given back."""
        granted, self._granted = self._granted, []
        return granted

    def resume(self, task: Task) -> None:
        """Take a place for an execution that runs already."""
        self._occupied[task.id] = task
        self._slots.occupy(self, task)

    def give_back(self, task: Task) -> None:
        """Free the place of an execution; doing so again changes nothing."""
        if self._occupied.pop(task.id, None) is not None:
            self._slots.give_back(self, task)

    def refuse(self, task: Task, position: int, refusal: Refusal) -> None:
        """Give a place back that was none, and stand in line again."""
        if self._occupied.pop(task.id, None) is not None:
            self._waiting.add(task.id)
            self._slots.refuse(self, (position, task), refusal)

    def withdraw(self) -> None:
        """Leave the line; what was granted and not taken yet is given back."""
        self._ready.clear()
        self._waiting.clear()
        self._slots.unblock(self)
        for task in self.take():
            self.give_back(task)

    def close(self) -> None:
        """Leave for good, with all places."""
        self._slots.close_line(self)
        for task in list(self._occupied.values()):
            self.give_back(task)

    def grant_next(self) -> None:
        """Take the first one whose host has room; the others wait for their hosts."""
        while self._ready:
            entry = heapq.heappop(self._ready)
            if self._slots.has_room(self, entry[1]):
                self._waiting.discard(entry[1].id)
                self.resume(entry[1])
                self._granted.append(entry[1])
                self._notify()
                return
            self._slots.block(self, entry)

    def find_host_limit(self, task: Task) -> int | None:
        """Return how many executions of the group may run at once on the task's host."""
        if task.host_id is None:
            return self._host_limit
        return self._host_limits.get(task.host_id, self._host_limit)

    def explain(self) -> str | None:
        """Say what the run waits for, where it has nothing under way and something in line."""
        if self.running or not self._waiting:
            return None
        if self._ready:
            return (
                f"Waits for a place: {self._slots.taken} executions are under way, "
                f"the limit is {self._slots.limit}."
            )
        return "Waits until other executions on its hosts have ended."


def get_host_key(task: Task) -> HostKey:
    """Return what executions on one host have in common."""
    return task.host_name if task.host_id is None else task.host_id
