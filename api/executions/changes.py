# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told that something moved, and how, without anyone asking again and again?

Whoever waits subscribes to a run or to one execution, and holds what changed since it last looked:
which logs grew (not their bytes) and the newest form of what changed its state. That is bounded
by the number of executions, however slow the subscriber is; the bytes are read from the store at
the subscriber's own offset. Everything happens on the event loop, so there is nothing to lock.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from api.executions.schemas import Execution


@dataclass
class Delta:
    """What changed since the last look."""

    run_changed: bool = False
    executions: dict[str, Execution] = field(default_factory=dict)
    """The newest form of those whose state changed, by id."""
    grown_logs: set[str] = field(default_factory=set)
    """The ids of those whose log grew."""
    has_events: bool = False
    """Whether events were stored."""

    def restrict(self, execution_ids: Collection[str] | None) -> "Delta":
        """Return what it says of these executions; of all where ``None`` is given."""
        if execution_ids is None:
            return self
        kept = {id_: new for id_, new in self.executions.items() if id_ in execution_ids}
        logs = {id_ for id_ in self.grown_logs if id_ in execution_ids}
        return Delta(self.run_changed, kept, logs, self.has_events)


FEED = "feed"
"""The topic of those who read what happens to all runs and hosts."""


class Move(NamedTuple):
    """Something that moved, by its ids."""

    kind: Literal["run", "execution", "log", "events", "wish"]
    run_id: int = 0
    execution_id: str = ""


def _keep_to_oneself(_move: Move) -> None:
    """Tell nobody: there are no others."""


class Subscription:
    """The view of one who waits."""

    def __init__(self, hub: "Changes") -> None:
        self._hub = hub
        self._pending = Delta()
        self._woken = asyncio.Event()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a change; return whether there is one. A closed hub lets nobody wait."""
        if self._hub.closed:
            return False
        try:
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        except TimeoutError:
            return False
        return True

    def take(self) -> Delta:
        """Return what changed since the last call."""
        delta, self._pending = self._pending, Delta()
        self._woken.clear()
        return delta

    def wake(self) -> Delta:
        """Wake the one who waits and return what it will find, to be filled in."""
        self._woken.set()
        return self._pending


class Changes:
    """Tells subscribers of runs and executions what moved."""

    def __init__(self) -> None:
        self._by_topic: defaultdict[int | str, set[Subscription]] = defaultdict(set)
        self.closed = False
        self.relay: Callable[[Move], None] = _keep_to_oneself
        """Told of every move that happened here; replicas tell each other by it."""

    @contextmanager
    def subscribe(self, topic: int | str) -> Iterator[Subscription]:
        """Subscribe to a run (its number) or an execution (its id) while the block lasts."""
        subscription = Subscription(self)
        self._by_topic[topic].add(subscription)
        try:
            yield subscription
        finally:
            self._by_topic[topic].discard(subscription)
            if not self._by_topic[topic]:
                del self._by_topic[topic]

    def publish_run(self, run_id: int) -> None:
        """Tell that the run changed its state."""
        self._publish(Move("run", run_id))

    def publish_execution(self, execution: Execution) -> None:
        """Tell that the execution changed its state."""
        self.show_execution(execution)
        self.relay(Move("execution", execution.run_id, execution.id))

    def publish_log(self, run_id: int, execution_id: str) -> None:
        """Tell that the execution's log grew."""
        self._publish(Move("log", run_id, execution_id))

    def publish_events(self, execution_id: str) -> None:
        """Tell that events of the execution were stored."""
        self._publish(Move("events", execution_id=execution_id))

    def publish_feed(self) -> None:
        """Tell that something happened to runs or hosts."""
        self.publish_events(FEED)

    def publish_wish(self, run_id: int) -> None:
        """Tell the replica that carries the run out that somebody wants something else of it."""
        self.relay(Move("wish", run_id))

    def show(self, move: Move) -> None:
        """Tell the subscribers here of a move, wherever it happened."""
        for subscription in self._find(move.run_id, move.execution_id):
            delta = subscription.wake()
            if move.kind == "run":
                delta.run_changed = True
            elif move.kind == "log":
                delta.grown_logs.add(move.execution_id)
            elif move.kind == "events":
                delta.has_events = True

    def show_execution(self, execution: Execution) -> None:
        """Tell the subscribers here of the newest form of an execution."""
        for subscription in self._find(execution.run_id, execution.id):
            subscription.wake().executions[execution.id] = execution

    def has_subscribers(self, move: Move) -> bool:
        """Say whether somebody here wants to know of it."""
        return move.run_id in self._by_topic or move.execution_id in self._by_topic

    def list_topics(self) -> list[int | str]:
        """List the runs and executions that somebody here wants to know of."""
        return list(self._by_topic)

    def close(self) -> None:
        """Wake everybody for good: the process is about to stop."""
        self.closed = True
        for subscriptions in self._by_topic.values():
            for subscription in subscriptions:
                subscription.wake()

    def _publish(self, move: Move) -> None:
        self.show(move)
        self.relay(move)

    def _find(self, *topics: int | str) -> Iterator[Subscription]:
        for topic in topics:
            yield from self._by_topic.get(topic, ())
