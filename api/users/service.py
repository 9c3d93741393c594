# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with users, under which rules?"""

from typing import NamedTuple

from api import models
from api.audit.service import AuditService
from api.auth.grants import GrantBody, dump_grants, load_grants
from api.auth.principals import Principal
from api.core.clock import Clock
from api.core.paging import Slice
from api.sessions.service import SessionService
from api.users.errors import UserNotFoundError
from api.users.repository import UserRepository
from api.users.schemas import User, UserCreate, UserQuery, UserUpdate

_KIND = "users"


class Kept(NamedTuple):
    """What a password is compared with."""

    user_id: int
    name: str
    password_hash: str | None
    is_disabled: bool


class UserService:
    """The users, in one unit of work."""

    def __init__(
        self,
        repository: UserRepository,
        sessions: SessionService,
        audit: AuditService,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._sessions = sessions
        self._audit = audit
        self._clock = clock

    async def create_user(self, body: UserCreate, password_hash: str | None) -> User:
        """Add a user.

        Raises:
            UserExistsError: the name is taken.
        """
        now = self._clock.now()
        row = models.User(
            name=body.name,
            password_hash=password_hash,
            grants=dump_grants(body.grants),
            is_disabled=False,
            created_at=now,
            updated_at=now,
        )
        await self._repository.add(row)
        await self._audit.record("create_user", _KIND, row.name, {"grants": row.grants})
        return _describe(row)

    async def get_user(self, name: str) -> User:
        """Return a user.

        Raises:
            UserNotFoundError: there is none of that name.
        """
        return _describe(await self._get_row(name))

    async def list_users(self, query: UserQuery) -> Slice[User]:
        """List one page of users."""
        return (await self._repository.list_page(query)).map(_describe)

    async def update_user(self, name: str, body: UserUpdate, password_hash: str | None) -> User:
        """Change what the body names; a new password, or disabling, ends all sessions.

        Raises:
            UserNotFoundError: there is none of that name.
        """
        row = await self._get_row(name)
        changed: dict[str, object] = {}
        if body.grants is not None:
            changed["grants"] = row.grants = dump_grants(body.grants)
        if body.is_disabled is not None:
            changed["is_disabled"] = row.is_disabled = body.is_disabled
        if password_hash is not None:
            row.password_hash, changed["password"] = password_hash, "changed"
        if password_hash is not None or body.is_disabled:
            await self._sessions.end_all(row.id)
        row.updated_at = self._clock.now()
        await self._audit.record("update_user", _KIND, name, changed)
        return _describe(row)

    async def delete_user(self, name: str) -> None:
        """Delete a user with their tokens and sessions; what they did stays told.

        Raises:
            UserNotFoundError: there is none of that name.
        """
        await self._repository.delete(await self._get_row(name))
        await self._audit.record("delete_user", _KIND, name)

    async def find_kept(self, name: str) -> Kept | None:
        """Return what a password is compared with, or None for nobody."""
        row = await self._repository.find(name)
        return None if row is None else Kept(row.id, row.name, row.password_hash, row.is_disabled)

    async def find_principal(self, user_id: int) -> Principal | None:
        """Return a user with the rights of this moment, or None where they may sign in no more."""
        row = await self._repository.find_by_id(user_id)
        if row is None or row.is_disabled:
            return None
        return Principal(row.name, load_grants(row.grants), user_id=row.id)

    async def keep_password(self, name: str, password_hash: str, *, is_new: bool) -> None:
        """Keep a password; a new one ends all sessions, another hash of the same does not."""
        row = await self._get_row(name)
        row.password_hash = password_hash
        if is_new:
            row.updated_at = self._clock.now()
            await self._sessions.end_all(row.id)
            await self._audit.record("change_password", _KIND, name)

    async def _get_row(self, name: str) -> models.User:
        row = await self._repository.find(name)
        if row is None:
            raise UserNotFoundError(f"There is no user '{name}'. 'myx user list' shows all.")
        return row


def _describe(row: models.User) -> User:
    return User(
        name=row.name,
        grants=[GrantBody.model_validate(grant) for grant in row.grants],
        is_disabled=row.is_disabled,
        has_password=row.password_hash is not None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
