# SPDX-License-Identifier: GPL-3.0-or-later
"""How far logs are behind is told of a short while only."""

from api.metrics.log_lag import WINDOW_S, LogLag


def test_the_largest_gap_counts() -> None:
    """Of several reads the one that left most is told."""
    lag = LogLag()
    for size_bytes in (10, 500, 0):
        lag.note(size_bytes, now=100.0)
    assert lag.read(now=100.0 + WINDOW_S - 1) == 500


def test_a_gap_is_forgotten_after_two_windows() -> None:
    """It is still told in the window after its own, and not after that, whatever was noted."""
    lag = LogLag()
    lag.note(500, now=100.0)
    lag.note(3, now=100.0 + WINDOW_S)
    assert lag.read(now=100.0 + WINDOW_S) == 500
    assert lag.read(now=100.0 + 2 * WINDOW_S) == 3
    assert lag.read(now=100.0 + 9 * WINDOW_S) == 0
