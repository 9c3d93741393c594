# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request about schedules?

``ScheduleNotFoundError`` 404
``ScheduleExistsError`` 409   the name is taken
``ScheduleTimeError`` 422     there is no such time
"""

from api.core.errors import ConflictError, FieldError, InvalidInputError, NotFoundError


class ScheduleNotFoundError(NotFoundError):
    """There is no such schedule; 'myx schedule list' shows yours."""

    code = "schedule_not_found"


class ScheduleExistsError(ConflictError):
    """There is a schedule of this name."""

    code = "schedule_exists"


class ScheduleTimeError(InvalidInputError):
    """There is no such time."""

    code = "schedule_time_invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}", (FieldError(field, message),))
