# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with who asks?

``AuthenticationError`` 401
└── ``LoginFailedError``         name or password is wrong, or the user is disabled

``ForbiddenError`` 403
├── ``PermissionDeniedError``    their roles do not allow it, or not for these hosts
├── ``GroupsOutOfReachError``    a host would come into a group, or leave one, that is not theirs
└── ``CsrfError``                a browser sent a change without the token of its session
``TooManyRequestsError`` 429
└── ``TooManyAttemptsError``     passwords were wrong too often
"""

from collections.abc import Sequence

from api.auth.permissions import Permission
from api.core.errors import AuthenticationError, ForbiddenError, TooManyRequestsError

NAMED_AT_MOST = 10
"""How many hosts a message names."""


class PermissionDeniedError(ForbiddenError):
    """Your roles do not allow this."""

    code = "permission_denied"

    @classmethod
    def of(cls, name: str, permission: Permission) -> "PermissionDeniedError":
        """Make the error that says who lacks which permission."""
        where = " without limits to groups or templates" if permission.everywhere else ""
        return cls(
            f"'{name}' lacks the permission {permission.name}, which comes with the role "
            f"{permission.role}{where}. Ask an admin: 'myx user change'."
        )

    @classmethod
    def of_template(cls, name: str, template: str) -> "PermissionDeniedError":
        """Make the error that names what may not be run."""
        return cls(
            f"'{name}' may not run {template}, or not with content that is sent along. Ask an "
            "admin for that template: 'myx user change'."
        )

    @classmethod
    def of_hosts(cls, name: str, hosts: Sequence[str]) -> "PermissionDeniedError":
        """Make the error that names the hosts that are out of reach."""
        listed = ", ".join(hosts[:NAMED_AT_MOST])
        more = len(hosts) - NAMED_AT_MOST
        and_more = f" and {more} more" if more > 0 else ""
        return cls(
            f"'{name}' may not do this on {listed}{and_more}. Name other hosts with --limit, or "
            "ask an admin for their groups: 'myx user change'."
        )


class GroupsOutOfReachError(ForbiddenError):
    """The host would be in groups that you may not change."""

    code = "groups_out_of_reach"


class CsrfError(ForbiddenError):
    """Send the session's CSRF token in the header X-CSRF-Token; GET /api/v1/session has it."""

    code = "csrf_token_missing"


class LoginFailedError(AuthenticationError):
    """The name or the password is wrong, or the user is disabled."""

    code = "login_failed"


class TooManyAttemptsError(TooManyRequestsError):
    """The password was wrong too often; wait, then try again."""

    code = "too_many_attempts"
