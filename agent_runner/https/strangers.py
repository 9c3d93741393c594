# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may be connected without having shown the token, and who makes room for the next?

A connection counts from the moment it is accepted, its TLS handshake included. Where there are
too many, the oldest of whoever has most of them makes room: one address that opens connections
without end takes its own places away and nobody else's.
"""

from collections.abc import Callable

from agent_runner.auth import find_source

MAX_STRANGERS = 500
"""Open connections on which no right token was seen yet: half of the descriptors that a process
usually has, and more than a control plane opens at once."""


class Stranger:
    """One connection on which no right token was seen yet."""

    def __init__(self, address: str, give_up: Callable[[], None]) -> None:
        """Take where it comes from, and what ends it."""
        self.source = find_source(address)
        self.give_up = give_up


class Strangers:
    """The strangers of one listener."""

    def __init__(self) -> None:
        self._by_source: dict[str, dict[Stranger, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def admit(self, stranger: Stranger) -> None:
        """Count a connection, and give up another one where there are too many."""
        self._by_source.setdefault(stranger.source, {})[stranger] = None
        self._count += 1
        if self._count > MAX_STRANGERS:
            greediest = max(self._by_source, key=lambda source: len(self._by_source[source]))
            oldest = next(iter(self._by_source[greediest]))
            self.release(oldest)
            oldest.give_up()

    def release(self, stranger: Stranger) -> None:
        """Count a connection no longer: it has shown the token, or is gone."""
        group = self._by_source.get(stranger.source, {})
        if stranger in group:
            del group[stranger]
            self._count -= 1
            if not group:
                del self._by_source[stranger.source]
