# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request about executions?

``ExecutionNotFoundError`` 404
``LogRemovedError`` 410        its log was too old, or one of too many
``EventsRemovedError`` 410     its events were too old
"""

from datetime import datetime
from typing import Self

from api.core.errors import GoneError, NotFoundError


class ExecutionNotFoundError(NotFoundError):
    """There is no execution with that id; GET /api/v1/runs/{id}/executions lists a run's."""

    code = "execution_not_found"


class LogRemovedError(GoneError):
    """The log was removed: it was older than logs are kept, or there were too many."""

    code = "log_removed"

    @classmethod
    def of(cls, host: str, size: int, at: datetime | None) -> Self:
        """Say which log was removed; ``at`` is None while it is being removed."""
        when = "is being removed" if at is None else f"was removed on {at:%Y-%m-%d %H:%M} UTC"
        return cls(
            f"The log of {host} ({size} bytes) {when}: MYX_KEEP_LOGS_DAYS and MYX_LOGS_MAX_BYTES "
            "say how long and how much is kept."
        )


class EventsRemovedError(GoneError):
    """The events were removed: they were older than events are kept."""

    code = "events_removed"

    @classmethod
    def of(cls, host: str, at: datetime | None) -> Self:
        """Say whose events were removed; ``at`` is None while they are being removed."""
        when = "are being removed" if at is None else f"were removed on {at:%Y-%m-%d %H:%M} UTC"
        return cls(f"The events of {host} {when}: MYX_KEEP_EVENTS_DAYS says how long they stay.")
