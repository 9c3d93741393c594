# SPDX-License-Identifier: GPL-3.0-or-later
"""When is a schedule due? The one module that knows the library for cron expressions.

Daylight saving time is treated as Debian's cron does: a fixed time of day that the clock skips is
due right after the gap, one that the clock shows twice is due once, the first time; what repeats
(``*`` or a step in the hours or minutes) goes by real time through both.
"""

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from api.schedules.errors import ScheduleTimeError

CRON_FIELDS = 5
"""Minute, hour, day of month, month, day of week: no seconds."""

MAX_CRON_LENGTH = 200

_TRIES = 200
"""Times that may lie before the one that is sought: the hour that the clock shows twice."""


def check_times(cron: str, timezone: str) -> None:
    """Make sure that an expression and a time zone exist.

    Raises:
        ScheduleTimeError: one of them does not.
    """
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        message = f"there is no time zone {timezone!r}; names are like 'Europe/Berlin' or 'UTC'"
        raise ScheduleTimeError("timezone", message) from error
    if len(cron.split()) != CRON_FIELDS:
        message = "it has five fields: minute, hour, day of month, month, day of week"
        raise ScheduleTimeError("cron", message)
    try:
        first = next(CronSim(cron, datetime.now(zone)), None)
    except CronSimError as error:
        raise ScheduleTimeError("cron", f"it does not fit: {error}") from error
    if first is None:
        raise ScheduleTimeError("cron", "it is never due")


def find_next(cron: str, timezone: str, after: datetime) -> datetime | None:
    """Return the first time after ``after``, in UTC; None where there is none."""
    local = after.astimezone(ZoneInfo(timezone))
    for due in islice(CronSim(cron, local), _TRIES):
        moment = due.astimezone(UTC)
        if moment > after:
            return moment
    return None


def list_next(cron: str, timezone: str, after: datetime, count: int) -> list[datetime]:
    """List the next times, in UTC."""
    found: list[datetime] = []
    while len(found) < count:
        moment = find_next(cron, timezone, found[-1] if found else after)
        if moment is None:
            break
        found.append(moment)
    return found
