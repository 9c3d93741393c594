# SPDX-License-Identifier: GPL-3.0-or-later
"""Have so many hosts failed that a run must not go on?"""

from collections import Counter
from collections.abc import Sequence

from api.executions.states import State
from api.runs.rollout.schemas import Rollout
from api.runs.rollout.waves import count_share

FAILURES: frozenset[State] = frozenset({"failed", "timed_out", "lost"})
"""The ends that count; a host that cannot be reached has failed."""


class Budget:
    """Counts the failures of one run against what it may lose.

    Without any limit a run in several waves stops where a whole wave has failed, as Ansible does.
    """

    def __init__(self, rollout: Rollout, wave_sizes: Sequence[int]) -> None:
        """Take the number of hosts of each wave, the first wave first."""
        total = sum(wave_sizes)
        self._limit = _count(rollout.max_failures, total)
        self._wave_limits = [_count(rollout.max_failures_per_wave, size) for size in wave_sizes]
        self._sizes = wave_sizes
        self._stops_at_lost_waves = (
            len(wave_sizes) > 1 and rollout.max_failures is rollout.max_failures_per_wave is None
        )
        self._failures: Counter[int] = Counter()

    def note_end(self, wave: int, status: State) -> None:
        """Count an end."""
        self._failures[wave] += status in FAILURES

    def find_excess(self) -> str | None:
        """Say what stops the run, or None."""
        total = self._failures.total()
        if self._limit is not None and total > self._limit:
            return f"{_hosts(total)} failed, max_failures is {self._limit}."
        for wave, failures in sorted(self._failures.items()):
            limit = self._wave_limits[wave - 1]
            if limit is not None and failures > limit:
                return (
                    f"{_hosts(failures)} failed in wave {wave}, max_failures_per_wave is {limit}."
                )
            if self._stops_at_lost_waves and failures == self._sizes[wave - 1]:
                return f"All of wave {wave} failed."
        return None


def _count(limit: str | None, total: int) -> int | None:
    return None if limit is None else count_share(limit, total)


def _hosts(number: int) -> str:
    return "1 host" if number == 1 else f"{number} hosts"
