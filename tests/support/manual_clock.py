# SPDX-License-Identifier: GPL-3.0-or-later
"""Which clock do tests set? One whose sleeps take no time and move it on."""

import asyncio
from datetime import UTC, datetime, timedelta


class ManualClock:
    """A ``Clock`` that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._passed_s = 0.0

    def now(self) -> datetime:
        """Return a time of day that moves with the sleeps."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._passed_s)

    def monotonic(self) -> float:
        """Return the seconds that were slept."""
        return self._passed_s

    async def sleep(self, delay_s: float) -> None:
        """Move on, and let the others run."""
        self.slept.append(delay_s)
        self._passed_s += delay_s
        await asyncio.sleep(0)
