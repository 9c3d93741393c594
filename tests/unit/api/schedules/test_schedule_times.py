# SPDX-License-Identifier: GPL-3.0-or-later
"""When a schedule is due, above all where the clocks change."""

from datetime import datetime
from itertools import pairwise

import pytest

from api.schedules.errors import ScheduleTimeError
from api.schedules.times import check_times, find_next, list_next

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    """Return a time."""
    return datetime.fromisoformat(f"{text}+00:00")


def list_text(cron: str, zone: str, after: str, count: int) -> list[str]:
    """List the next times in UTC as text."""
    return [f"{moment:%d %H:%M}" for moment in list_next(cron, zone, at(after), count)]


def test_times_are_those_of_the_zone() -> None:
    """Half past two in Berlin is one or two hours earlier in UTC."""
    assert list_text("30 2 * * *", BERLIN, "2026-01-10T12:00", 2) == ["11 01:30", "12 01:30"]
    assert list_text("30 2 * * *", BERLIN, "2026-07-10T12:00", 1) == ["11 00:30"]


def test_a_time_that_the_clock_skips_is_due_after_the_gap() -> None:
    """On 29 March 2026 it is never half past two: three o'clock, 01:00 in UTC, takes its place."""
    assert list_text("30 2 * * *", BERLIN, "2026-03-28T12:00", 2) == ["29 01:00", "30 00:30"]


def test_a_time_that_the_clock_shows_twice_is_due_once() -> None:
    """On 25 October 2026 half past two comes twice: the first one counts."""
    assert list_text("30 2 * * *", BERLIN, "2026-10-24T12:00", 2) == ["25 00:30", "26 01:30"]
    assert list_text("30 2 * * *", BERLIN, "2026-10-25T00:45", 1) == ["26 01:30"]


@pytest.mark.parametrize("after", ["2026-03-28T23:00", "2026-10-24T23:00"])
def test_what_repeats_goes_by_real_time(after: str) -> None:
    """Every quarter of an hour has a quarter of an hour between, through gap and overlap."""
    times = list_next("*/15 * * * *", BERLIN, at(after), 20)
    assert {(b - a).total_seconds() for a, b in pairwise(times)} == {900}


@pytest.mark.parametrize("cron", ["30 2 * * *", "0 1-4 * * *", "*/7 * * * *", "15 2,3 * * SUN"])
@pytest.mark.parametrize("start", ["2026-03-28T20:00", "2026-10-24T20:00"])
def test_times_only_go_on(cron: str, start: str) -> None:
    """Asked from any minute around a change of the clocks, the next time lies behind it."""
    base = at(start).timestamp()
    for minute in range(0, 12 * 60, 5):
        after = datetime.fromtimestamp(base + minute * 60, at(start).tzinfo)
        due = find_next(cron, BERLIN, after)
        assert due is not None
        assert due > after


@pytest.mark.parametrize(
    ("cron", "zone", "field"),
    [
        ("* * * *", "UTC", "cron"),
        ("0 * * * * *", "UTC", "cron"),
        ("61 * * * *", "UTC", "cron"),
        ("0 0 31 2 *", "UTC", "cron"),
        ("0 0 * * *", "Mars/Olympus", "timezone"),
        ("0 0 * * *", "../etc/passwd", "timezone"),
    ],
)
def test_times_that_there_are_not_are_refused(cron: str, zone: str, field: str) -> None:
    """The error names the field."""
    with pytest.raises(ScheduleTimeError) as caught:
        check_times(cron, zone)
    assert caught.value.errors[0].field == field
