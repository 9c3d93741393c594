# SPDX-License-Identifier: GPL-3.0-or-later
"""How far were logs behind their hosts lately? The most within a short while, at no cost."""

WINDOW_S = 15.0
"""What is told covers one to two of these."""


class LogLag:
    """The largest gap that a read left, in the window of now and in the one before it."""

    def __init__(self) -> None:
        self._began = 0.0
        self._now_bytes = 0
        self._before_bytes = 0

    def note(self, size_bytes: int, now: float) -> None:
        """Note what a read left on its host, at a time of a monotonic clock."""
        self._move(now)
        self._now_bytes = max(self._now_bytes, size_bytes)

    def read(self, now: float) -> int:
        """Return the most bytes that a read left lately."""
        self._move(now)
        return max(self._now_bytes, self._before_bytes)

    def _move(self, now: float) -> None:
        passed = now - self._began
        if passed < WINDOW_S:
            return
        self._before_bytes = self._now_bytes if passed < 2 * WINDOW_S else 0
        self._now_bytes = 0
        self._began = now
