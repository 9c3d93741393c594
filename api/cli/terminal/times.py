# SPDX-License-Identifier: GPL-3.0-or-later
"""How are times and durations written for people?"""

from datetime import datetime
from typing import Any

Json = dict[str, Any]


def tell_time(timestamp: str | None) -> str:
    """Write a time of the API as people read it: to the second, in UTC as it came."""
    return timestamp[:19].replace("T", " ") if timestamp else ""


def tell_duration(row: Json) -> str:
    """Tell how long a run or execution took or has been taking, empty before its start."""
    if not row.get("started_at"):
        return ""
    started = datetime.fromisoformat(row["started_at"])
    finished = row.get("finished_at")
    end = datetime.fromisoformat(finished) if finished else datetime.now(started.tzinfo)
    return tell_seconds((end - started).total_seconds())


def tell_seconds(seconds: float) -> str:
    """Write a duration as people read it."""
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
