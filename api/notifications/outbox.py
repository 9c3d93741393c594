# SPDX-License-Identifier: GPL-3.0-or-later
"""How does it come that nothing is forgotten to be told? It is kept with what happened.

What happens to runs and hosts is written down here in the transaction that changes them, so that
either both are there after a crash or none. Who is told of it is decided later, in the background;
then it stays for a while, for those who read on where they stood (``api.notifications.feed``).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from api.core.clock import Clock
from api.notifications.payload import pick_run
from api.notifications.queue import NotificationQueue
from api.notifications.schemas import Event

RUN_EVENTS: Mapping[str, Event] = {
    "running": "run_started",
    "successful": "run_successful",
    "failed": "run_failed",
    "canceled": "run_canceled",
    "lost": "run_failed",
}
"""What is told of a run that went into a state."""

HOST_EVENTS: Mapping[str, Event] = {"offline": "host_offline", "online": "host_online"}
"""What is told of a host that went into a state."""


class MovedHost(NamedTuple):
    """A host that went into a state."""

    host_id: int
    state: str
    reason: str


class NotificationOutbox:
    """Keeps what happened, in one unit of work."""

    def __init__(self, queue: NotificationQueue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock

    async def note_run(self, run: Mapping[str, Any]) -> None:
        """Keep that a run went into its state, with what is to be told of it."""
        row = {
            "event": RUN_EVENTS[run["status"]],
            "at": self._clock.now(),
            "run_id": run["id"],
            "host_id": None,
            "facts": pick_run(run),
        }
        await self._queue.add_events([row])

    async def note_hosts(self, moved: Sequence[MovedHost]) -> None:
        """Keep which hosts went or came."""
        now = self._clock.now()
        rows = [
            {
                "event": event,
                "at": now,
                "run_id": None,
                "host_id": host.host_id,
                "facts": {"reason": host.reason},
            }
            for host in moved
            if (event := HOST_EVENTS.get(host.state)) is not None
        ]
        await self._queue.add_events(rows)
