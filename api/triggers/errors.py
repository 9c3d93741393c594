# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with whoever a trigger acts for?

``OwnerGoneError`` 403       the user or token whose it is may nothing any more
``NotOwnerError`` 403        somebody else's trigger; an admin may change it
``RequestRefusedError`` 422  the kept request does not fit any more
"""

from api.core.errors import ForbiddenError, InvalidInputError


class OwnerGoneError(ForbiddenError):
    """Whoever owns it is disabled or gone; make it anew."""

    code = "owner_gone"


class NotOwnerError(ForbiddenError):
    """It belongs to somebody else: ask them, or an admin."""

    code = "not_owner"


class RequestRefusedError(InvalidInputError):
    """The run that it asks for does not fit any more; set 'run' again."""

    code = "trigger_request_invalid"
