# SPDX-License-Identifier: GPL-3.0-or-later
"""Which clock do tests set where something waits long? One that goes on when the test says so."""

import asyncio

from manual_clock import ManualClock


class HeldClock(ManualClock):
    """A clock whose sleepers wait until the test lets the time pass."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, asyncio.Event]] = []
        self._slept = asyncio.Event()

    async def sleep(self, delay_s: float) -> None:
        """Wait until the time has passed."""
        woken = asyncio.Event()
        sleeper = (self._passed_s + delay_s, woken)
        self._sleepers.append(sleeper)
        self._slept.set()
        try:
            await woken.wait()
        finally:
            self._sleepers.remove(sleeper)

    async def pass_time(self, seconds: float) -> None:
        """Move on as soon as somebody sleeps, and wake those who have slept enough."""
        while not self._sleepers:
            self._slept.clear()
            await self._slept.wait()
        self._passed_s += seconds
        for until, woken in self._sleepers:
            if until <= self._passed_s:
                woken.set()
        await asyncio.sleep(0)
