# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about users?"""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.core.paging import Slice
from api.db.lists import contains_text, fetch_slice, order_by
from api.models import User
from api.users.errors import UserExistsError
from api.users.schemas import UserQuery

_COLUMNS = {"name": User.name, "created_at": User.created_at}


class UserRepository:
    """The users, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, user: User) -> None:
        """Add a user, who then has an id.

        Raises:
            UserExistsError: the name is taken.
        """
        self._session.add(user)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise UserExistsError from error

    async def find(self, name: str) -> User | None:
        """Return the user of that name, or None."""
        return await self._session.scalar(select(User).where(User.name == name))

    async def find_by_id(self, user_id: int) -> User | None:
        """Return the user with that id, or None."""
        return await self._session.scalar(select(User).where(User.id == user_id))

    async def delete(self, user: User) -> None:
        """Delete a user with their tokens and sessions."""
        await self._session.delete(user)
        await self._session.flush()

    async def list_page(self, query: UserQuery) -> Slice[User]:
        """List a page of users."""
        statement = select(User)
        if query.search is not None:
            statement = statement.where(contains_text(User.name, query.search))
        order = order_by(query.order_by, _COLUMNS, User.id)
        return await fetch_slice(self._session, statement, query, order)
