# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request about webhooks?

``WebhookNotFoundError`` 404
``WebhookExistsError`` 409       the name is taken
``WebhookRefusedError`` 422      it cannot be made so
``DeliveryRefusedError`` 401     no such webhook, or a wrong signature: the same answer
``DeliveryTooLargeError`` 413    its body is larger than the limit
"""

from api.core.errors import (
    AuthenticationError,
    ConflictError,
    FieldError,
    InvalidInputError,
    NotFoundError,
    TooLargeError,
)


class WebhookNotFoundError(NotFoundError):
    """There is no such webhook; 'myx webhook list' shows yours."""

    code = "webhook_not_found"


class WebhookExistsError(ConflictError):
    """There is a webhook of this name."""

    code = "webhook_exists"


class WebhookRefusedError(InvalidInputError):
    """The webhook cannot be made so."""

    code = "webhook_refused"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}", (FieldError(field, message),))


class DeliveryRefusedError(AuthenticationError):
    """There is no such webhook, or the delivery is not signed as it should be, or too late."""

    code = "delivery_refused"


class DeliveryTooLargeError(TooLargeError):
    """A delivery has at most 1 MiB."""

    code = "delivery_too_large"
