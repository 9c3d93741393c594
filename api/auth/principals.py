# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks, and what may they? A principal holds grants, and each grant is a role with limits."""

from dataclasses import dataclass
from datetime import datetime

from api.auth.errors import PermissionDeniedError
from api.auth.permissions import Permission, Role, includes
from api.auth.scopes import EVERYWHERE, Reach, Scope

ADMIN_NAME = "admin"
"""Who holds the admin token of the data directory; no user can have this name."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, within limits."""

    role: Role
    reach: Reach = EVERYWHERE

    def gives(self, permission: Permission) -> bool:
        """Say whether it gives the permission, as far as it reaches."""
        if permission.everywhere and not self.reach.is_unlimited:
            return False
        return includes(self.role, permission.role)


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who was recognised; ``name`` is remembered with what they do."""

    name: str
    grants: tuple[Grant, ...] = ()
    user_id: int | None = None
    """``None`` for the admin token and for tokens that are a program's own."""
    token_id: int | None = None
    session_id: int | None = None
    expires_at: datetime | None = None
    """When what they showed expires."""

    @property
    def credential(self) -> str:
        """What they showed: ``admin_token``, ``token/7`` or ``session/3``."""
        if self.token_id is not None:
            return f"token/{self.token_id}"
        return "admin_token" if self.session_id is None else f"session/{self.session_id}"

    @property
    def expires_at_of_token(self) -> datetime | None:
        """When the token expires that was shown; ``None`` for never, and where it was none."""
        return None if self.token_id is None else self.expires_at

    def may(self, permission: Permission) -> bool:
        """Say whether they may do it at all; ``scope_of`` says where."""
        return any(grant.gives(permission) for grant in self.grants)

    def require(self, permission: Permission) -> None:
        """Let pass who may do it at all.

        Raises:
            PermissionDeniedError: they may not.
        """
        if not self.may(permission):
            raise PermissionDeniedError.of(self.name, permission)

    def scope_of(self, permission: Permission) -> Scope:
        """Return how far the permission reaches; nowhere for who does not have it."""
        return Scope(tuple(grant.reach for grant in self.grants if grant.gives(permission)))


ADMIN = Principal(name=ADMIN_NAME, grants=(Grant("admin"),))
"""Who holds the token that the first start wrote."""
