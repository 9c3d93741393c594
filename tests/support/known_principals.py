# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks in tests of what somebody may do? Principals by their names, without a database."""

from starlette.requests import HTTPConnection

from api.auth.principals import Principal
from api.core.errors import AuthenticationError


class KnownPrincipals:
    """Recognises a principal by its name as the token."""

    def __init__(self, *principals: Principal) -> None:
        self._by_name = {principal.name: principal for principal in principals}

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """Return who has that name."""
        token = connection.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            return self._by_name[token]
        except KeyError:
            raise AuthenticationError from None
