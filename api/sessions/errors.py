# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request about a session?

``NoSessionError`` 404    who asks has shown a token
"""

from api.core.errors import NotFoundError


class NoSessionError(NotFoundError):
    """This request shows no session; sign in with POST /api/v1/session."""

    code = "no_session"
