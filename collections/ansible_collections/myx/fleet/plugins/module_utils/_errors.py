# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between a plugin and the control plane?

FleetError
    OptionError         an option cannot be used
    UnreachableError    no answer came
    ApiError            the control plane refused
        NotFoundError   there is no such thing
"""

from __future__ import annotations

import typing as t


class FleetError(Exception):
    """The message names the cause and the remedy, for people.

    Attributes:
        may_pass: whether the same request may be answered otherwise the next time.
    """

    may_pass = False


class OptionError(FleetError):
    """An option has a value that cannot be used."""


class UnreachableError(FleetError):
    """No answer came from the control plane."""


class ApiError(FleetError):
    """The control plane answered with an error.

    Attributes:
        status: the HTTP status.
        code: a constant name for programs; empty where the answer was not the control plane's.
        errors: for each field that does not fit ``field`` and ``message``.
    """

    def __init__(
        self,
        message: str,
        status: int,
        code: str = "",
        errors: t.Sequence[t.Mapping[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.errors = list(errors)


class NotFoundError(ApiError):
    """There is no such thing, or nothing that the token may see."""
