# SPDX-License-Identifier: GPL-3.0-or-later
"""The ages of what has ended, where the host's clock is set."""

import json
import os
from pathlib import Path

import pytest

from agent_runner.executions.rotation.aging import MAX_OFF_S, Aging

DAY_S = 24 * 3600.0
START = 1_000 * DAY_S


class _Host:
    """A file with a stamp, and two clocks."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "result.json"
        self.clocks = folder / ".clocks"
        self.file.touch()
        os.utime(self.file, (START, START))
        self.now, self.uptime_s = START, 500.0
        self.look()

    def look(self) -> float:
        """Look at the clocks, and return the file's age in days."""
        Aging(self.clocks).correct(lambda: [self.file], now=self.now, uptime_s=self.uptime_s)
        return (self.now - self.file.stat().st_mtime) / DAY_S

    def reboot(self, uptime_s: float) -> None:
        """Start the host again: the uptime begins anew."""
        last = json.loads(self.clocks.read_text())
        self.clocks.write_text(json.dumps({**last, "boot_id": "before"}))
        self.uptime_s = uptime_s


@pytest.fixture
def host(tmp_path: Path) -> _Host:
    """Return a host where something has just ended."""
    return _Host(tmp_path)


def test_time_that_passes_makes_older(host: _Host) -> None:
    """Where both clocks agree, the age is what has passed."""
    host.now, host.uptime_s = host.now + 3 * DAY_S, host.uptime_s + 3 * DAY_S
    assert host.look() == 3


@pytest.mark.parametrize("leap_s", [3600.0, 10 * 365 * DAY_S])
def test_a_leap_makes_nothing_older(host: _Host, leap_s: float) -> None:
    """What the clock has leapt over does not count, what passed beside it does."""
    host.now, host.uptime_s = host.now + leap_s + DAY_S, host.uptime_s + DAY_S
    assert host.look() == pytest.approx(1)


def test_a_clock_set_back_keeps_nothing_for_ever(host: _Host) -> None:
    """A stamp from the future becomes now: from there it ages again."""
    host.now -= 30 * DAY_S
    assert host.look() == 0
    host.now, host.uptime_s = host.now + 8 * DAY_S, host.uptime_s + 8 * DAY_S
    assert host.look() == 8


def test_a_clock_set_back_leaves_what_ended_since_alone(host: _Host) -> None:
    """What ended after the clock was set back is as old as it is."""
    host.now, host.uptime_s = host.now - 30 * DAY_S, host.uptime_s + 600
    os.utime(host.file, (host.now - 60, host.now - 60))
    assert host.look() * DAY_S == pytest.approx(60)


@pytest.mark.parametrize(("off_s", "counted_s"), [(600.0, 600.0), (900 * DAY_S, MAX_OFF_S)])
def test_across_a_restart_a_day_is_believed(host: _Host, off_s: float, counted_s: float) -> None:
    """How long a host was off nobody knows; a wrong clock at its start removes nothing fresh."""
    host.reboot(uptime_s=60.0)
    host.now += off_s + 60.0
    assert host.look() * DAY_S == pytest.approx(counted_s + 60.0)


def test_a_wrong_clock_at_a_restart_is_no_leap_back(host: _Host) -> None:
    """A host that starts in 1970 and is corrected later has nothing that is too old."""
    host.reboot(uptime_s=30.0)
    host.now = 0.0
    assert host.look() == 0
    host.now, host.uptime_s = START + 3600, 90.0
    assert host.look() * DAY_S == pytest.approx(60.0)
