# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request about notifications?

``NotificationNotFoundError`` 404  there is none that you may see
``DeliveryNotFoundError`` 404      it has no such delivery
``NotificationExistsError`` 409    the name is taken
``NotificationDisabledError`` 409  nothing is sent while it is disabled
``NotificationLimitError`` 409     there are as many as there can be
``FeedRemovedError`` 410           events behind a cursor were too old
``FeedBusyError`` 429              you follow events in as many streams as there can be
"""

from api.core.errors import ConflictError, GoneError, NotFoundError, TooManyRequestsError


class NotificationNotFoundError(NotFoundError):
    """There is no such notification; 'myx notification list' shows yours."""

    code = "notification_not_found"


class DeliveryNotFoundError(NotFoundError):
    """There is no such delivery; 'myx notification deliveries' shows those that are kept."""

    code = "delivery_not_found"


class NotificationExistsError(ConflictError):
    """There is a notification of this name."""

    code = "notification_exists"


class NotificationDisabledError(ConflictError):
    """The notification is disabled; enable it first."""

    code = "notification_disabled"


class NotificationLimitError(ConflictError):
    """There are as many notifications as there can be; remove one that nobody needs."""

    code = "notification_limit"


class FeedRemovedError(GoneError):
    """Events behind the cursor were removed: they were older than events are kept."""

    code = "feed_removed"

    @classmethod
    def of(cls, after: int, oldest: int) -> "FeedRemovedError":
        """Say where events begin."""
        return cls(
            f"Events behind {after} were removed, which MYX_KEEP_DELIVERIES_DAYS says. Those from "
            f"{oldest} on are there: read on with after={oldest - 1}, or with after=0."
        )


class FeedBusyError(TooManyRequestsError):
    """You follow events in as many streams as there can be; close one that nobody reads."""

    code = "feed_busy"

    @classmethod
    def of(cls, name: str, most: int) -> "FeedBusyError":
        """Say how many there are."""
        return cls(
            f"{most} streams of events are open for '{name}', which is the most. Close one that "
            "nobody reads, let its reader pass events on, or give other readers a user or token "
            "of their own."
        )
