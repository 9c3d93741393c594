# SPDX-License-Identifier: GPL-3.0-or-later
"""How old is what has ended, on a host whose clock may jump?

Ages are those of the host's clock, with two rules. Time that the clock has leapt over, but that
did not pass, makes nothing older: the stamps of what is kept leap with it. And a stamp from the
future becomes now, so that nothing is kept for ever. So a clock that goes wrong keeps things a
little longer, and never removes what is fresh.

What did not pass is known from the clock that counts since the host's start. Across a restart of
the host nobody knows how long it was off, and up to ``MAX_OFF_S`` is believed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from agent_runner.executions.closing import read_boot_id
from agent_runner.executions.folder import find_json, write_json

MAX_OFF_S = 24 * 3600.0
"""The longest that a host is believed to have been off."""

TOLERANCE_S = 60.0
"""A difference that is no leap: clocks are slewed, and looked at one after the other."""


def read_uptime() -> float:
    """Return the seconds since the host's start, sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Aging:
    """Remembers between two looks what the clocks showed.

    Args:
        path: a file for it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def correct(
        self, list_stamped: Callable[[], Iterable[Path]], *, now: float, uptime_s: float
    ) -> float:
        """Where the clock was set since the last look, correct the stamps of files.

        Args:
            list_stamped: returns the files whose modification times count.
            now: seconds since the epoch.
            uptime_s: seconds since the host's start.

        Returns:
            By how many seconds the clock was set; 0 where it was not.

        Raises:
            OSError: the disk refuses.
        """
        boot_id = read_boot_id()
        last = find_json(self._path)
        leap_s = _measure_leap(last, now, uptime_s, boot_id) if last else 0.0
        if leap_s or last is None:
            for path in list_stamped():
                _correct_stamp(path, max(0.0, leap_s), now)
        write_json(self._path, {"now": now, "uptime_s": uptime_s, "boot_id": boot_id})
        return leap_s


def _measure_leap(last: dict[str, Any], now: float, uptime_s: float, boot_id: str) -> float:
    """Return how much further the clock has gone than time has."""
    elapsed_s: float = now - last["now"]
    if boot_id == last["boot_id"]:
        passed_s = uptime_s - last["uptime_s"]
    else:
        passed_s = min(max(elapsed_s, uptime_s), MAX_OFF_S + uptime_s)
    leap_s = elapsed_s - passed_s
    return leap_s if abs(leap_s) > TOLERANCE_S else 0.0


def _correct_stamp(path: Path, leap_s: float, now: float) -> None:
    try:
        stamp = path.lstat().st_mtime
        corrected = min(stamp + leap_s, now)
        if corrected != stamp:
            os.utime(path, (corrected, corrected), follow_symlinks=False)
    except FileNotFoundError:
        return  # it was removed meanwhile
