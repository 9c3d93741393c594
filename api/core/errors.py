# SPDX-License-Identifier: GPL-3.0-or-later
"""Which errors can the control plane answer with, under which code and HTTP status?

``MyxError``
├── ``SettingsError``            the settings do not fit; the program does not start
├── ``InvalidInputError`` 422    what was sent does not fit; names the field and the remedy
├── ``AuthenticationError`` 401  no token, or a wrong one
├── ``ForbiddenError`` 403       who asks may not do it
├── ``NotFoundError`` 404        there is no such thing
├── ``ConflictError`` 409        it contradicts what is there
├── ``GoneError`` 410            it was there and was removed
├── ``TooLargeError`` 413        a limit of size
├── ``TooManyRequestsError`` 429 asked too often; says when to ask again
├── ``UnavailableError`` 503     not now; asking again may help
└── ``SealingError`` 500         a sealed value does not open with the key of this data directory

Each noun derives its own from these in its ``errors.py``. A message names the cause and the
remedy and is written for the person who asked; it never holds a secret.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, and what would be right."""

    field: str
    message: str


class MyxError(Exception):
    """The control plane could not do what was asked."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None, errors: tuple[FieldError, ...] = ()) -> None:
        self.message = message or (type(self).__doc__ or "").splitlines()[0]
        self.errors = errors
        super().__init__(self.message)


class SettingsError(MyxError):
    """The settings do not fit."""

    code = "settings_invalid"


class InvalidInputError(MyxError):
    """What was sent does not fit."""

    code = "invalid_input"
    status = 422


class AuthenticationError(MyxError):
    """Send 'Authorization: Bearer TOKEN'; the first start wrote the token to the data directory."""

    code = "not_authenticated"
    status = 401


class ForbiddenError(MyxError):
    """You may not do this."""

    code = "forbidden"
    status = 403


class NotFoundError(MyxError):
    """There is no such thing."""

    code = "not_found"
    status = 404


class ConflictError(MyxError):
    """It contradicts what is there."""

    code = "conflict"
    status = 409


class GoneError(MyxError):
    """It was there and was removed."""

    code = "gone"
    status = 410


class TooLargeError(MyxError):
    """It is larger than the limit."""

    code = "too_large"
    status = 413


class TooManyRequestsError(MyxError):
    """It was asked too often; wait, then try again."""

    code = "too_many_requests"
    status = 429
    retryable = True

    def __init__(self, message: str | None = None, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnavailableError(MyxError):
    """It cannot be answered now; try again."""

    code = "unavailable"
    status = 503
    retryable = True


class SealingError(MyxError):
    """A stored secret does not open with the key of this data directory."""

    code = "sealing_failed"
