# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request about API tokens?

``TokenNotFoundError`` 404
``TokenRefusedError`` 422     it would outlive or exceed what asks for it, or is for nobody
"""

from api.core.errors import FieldError, InvalidInputError, NotFoundError


class TokenNotFoundError(NotFoundError):
    """There is no such API token; 'myx token list' shows yours."""

    code = "token_not_found"


class TokenRefusedError(InvalidInputError):
    """The API token cannot be made so."""

    code = "token_refused"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}", (FieldError(field, message),))
