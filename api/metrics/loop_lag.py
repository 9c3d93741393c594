# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the event loop keep up? Once a second it is asked how late it is."""

import asyncio
import time

from api.metrics.figures import Figures

EVERY_S = 1.0


class LoopLag:
    """Measures the event loop that it is opened in, by the real time."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._timer: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Begin to measure."""
        self._wait()

    def close(self) -> None:
        """Stop."""
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self) -> None:
        due = time.monotonic() + EVERY_S
        self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._note, due)

    def _note(self, due: float) -> None:
        self._figures.note_loop_lag(max(0.0, time.monotonic() - due))
        self._wait()
