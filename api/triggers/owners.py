# SPDX-License-Identifier: GPL-3.0-or-later
"""On whose behalf does a trigger act, and what may they at that moment?

A trigger belongs to who made it. When it starts a run, their rights of that moment count: who was
disabled, deleted or restricted since then starts no more than they could at the keyboard. What was
made with a token of a user's stays within that token's limits, also when the token has ended; what
a program's own token made ends with that token.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from api.auth.grants import load_grants, restrict
from api.auth.permissions import MANAGE_USERS, READ_TRIGGERS
from api.auth.principals import ADMIN, ADMIN_NAME, Principal
from api.core.errors import NotFoundError
from api.models.triggers.owned import Owned, OwnerIds
from api.tokens.service import TokenService
from api.triggers.errors import NotOwnerError, OwnerGoneError
from api.users.service import UserService

Row = TypeVar("Row", bound=Owned)


class OwnerWork(Protocol):
    """A unit of work as far as owners need it."""

    @property
    def users(self) -> UserService:
        """The users."""
        ...

    @property
    def tokens(self) -> TokenService:
        """The API tokens."""
        ...


class Owner(NamedTuple):
    """Whose something is, as rows keep it."""

    name: str
    user_id: int | None
    token_id: int | None
    grants: Sequence[dict[str, Any]] | None

    def mark(self, row: Owned) -> None:
        """Write into a row whose it is."""
        row.owner_name = self.name
        row.owner_user_id = self.user_id
        row.owner_token_id = self.token_id
        row.owner_grants = None if self.grants is None else list(self.grants)


async def make_owner(work: OwnerWork, principal: Principal) -> Owner:
    """Return as whom somebody owns what they make now."""
    token_id = principal.token_id
    if token_id is None or principal.user_id is None:
        return Owner(principal.name, principal.user_id, token_id, None)
    grants = await work.tokens.find_limits(token_id)
    return Owner(principal.name, principal.user_id, None, grants)


async def get_principal(work: OwnerWork, owner: Owner) -> Principal:
    """Return the owner with the rights of this moment.

    Raises:
        OwnerGoneError: they have none any more.
    """
    if owner.user_id is not None:
        return await _get_user(work, owner, owner.user_id)
    if owner.token_id is not None:
        holder = await work.tokens.find_program(owner.token_id)
        if holder is None:
            raise OwnerGoneError(f"The token {owner.name!r} has ended; make the trigger anew.")
        return holder
    if owner.name == ADMIN_NAME:
        return ADMIN
    raise OwnerGoneError


def read_owner(row: Owned) -> Owner:
    """Return whose a row is."""
    return Owner(row.owner_name, row.owner_user_id, row.owner_token_id, row.owner_grants)


def is_theirs(row: Owned, principal: Principal) -> bool:
    """Say whether a row is the principal's."""
    if row.owner_user_id is not None or principal.user_id is not None:
        return row.owner_user_id == principal.user_id
    return row.owner_token_id == principal.token_id


def find_owner(principal: Principal) -> OwnerIds | None:
    """Return whose rows somebody may see: only their own, or ``None`` for everybody's."""
    if principal.scope_of(READ_TRIGGERS).is_unlimited:
        return None
    return OwnerIds(principal.user_id, principal.token_id)


class OwnedRows(Generic[Row]):
    """The rows of a noun, as far as somebody may see or change them."""

    def __init__(
        self, find: Callable[[int], Awaitable[Row | None]], missing: type[NotFoundError]
    ) -> None:
        """Take what finds a row, and the error for one that is not there."""
        self._find = find
        self._missing = missing

    async def get(self, row_id: int, principal: Principal) -> Row:
        """Return a row that they may see.

        Raises:
            NotFoundError: there is none of that id that they may see.
        """
        row = await self._find(row_id)
        if row is None or not (find_owner(principal) is None or is_theirs(row, principal)):
            raise self._missing
        return row

    async def get_own(self, row_id: int, principal: Principal) -> Row:
        """Return a row that they may change.

        Raises:
            NotFoundError: there is none of that id that they may see.
            NotOwnerError: it is somebody else's.
        """
        row = await self.get(row_id, principal)
        check_may_change(row, principal)
        return row


def check_may_change(row: Owned, principal: Principal) -> None:
    """Let pass the owner, and who manages users and so may act for them anyway.

    Raises:
        NotOwnerError: it is neither.
    """
    if not is_theirs(row, principal) and not principal.may(MANAGE_USERS):
        raise NotOwnerError(f"It belongs to {row.owner_name!r}: ask them, or an admin.")


async def _get_user(work: OwnerWork, owner: Owner, user_id: int) -> Principal:
    user = await work.users.find_principal(user_id)
    if user is None:
        raise OwnerGoneError(f"The user {owner.name!r} is disabled or gone; make it anew.")
    if owner.grants is None:
        return user
    limits = load_grants(list(owner.grants))
    return Principal(user.name, restrict(user.grants, limits), user_id=user_id)
