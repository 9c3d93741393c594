# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request about users?

``UserNotFoundError`` 404
``UserExistsError`` 409
``WrongPasswordError`` 422    the present password, which a change asks for
"""

from api.core.errors import ConflictError, FieldError, InvalidInputError, NotFoundError


class UserNotFoundError(NotFoundError):
    """There is no such user; 'myx user list' shows all."""

    code = "user_not_found"


class UserExistsError(ConflictError):
    """A user has that name already; change them with 'myx user change'."""

    code = "user_exists"


class WrongPasswordError(InvalidInputError):
    """That is not your present password."""

    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__(None, (FieldError("current_password", "it is another one"),))
