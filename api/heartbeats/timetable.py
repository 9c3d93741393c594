# SPDX-License-Identifier: GPL-3.0-or-later
"""When is which host asked next? A heap of times; a host that waits costs a few words."""

import heapq


class Timetable:
    """The next time of each host."""

    def __init__(self) -> None:
        self._times: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []

    def __contains__(self, host_id: int) -> bool:
        return host_id in self._times

    def list_hosts(self) -> set[int]:
        """List the hosts that have a time."""
        return set(self._times)

    def put(self, host_id: int, at: float) -> None:
        """Set the time of a host, in place of the one that it had."""
        self._times[host_id] = at
        heapq.heappush(self._heap, (at, host_id))

    def remove(self, host_id: int) -> None:
        """Forget a host."""
        self._times.pop(host_id, None)

    def pop_due(self, now: float) -> int | None:
        """Take out a host whose time has come, the earliest first; None where there is none."""
        while self._heap and self._heap[0][0] <= now:
            at, host_id = heapq.heappop(self._heap)
            if self._times.get(host_id) == at:
                del self._times[host_id]
                return host_id
        return None
