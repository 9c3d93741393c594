# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about API tokens?"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.core.paging import Slice
from api.db.lists import order_by
from api.models import ApiToken, User
from api.tokens.schemas import TokenQuery

_COLUMNS = {"id": ApiToken.id, "name": ApiToken.name, "last_used_at": ApiToken.last_used_at}


class Owned(NamedTuple):
    """A token, and its user where it has one."""

    token: ApiToken
    user: User | None


class TokenRepository:
    """The API tokens, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: ApiToken) -> None:
        """Add a token, which then has its id."""
        self._session.add(row)
        await self._session.flush()

    async def find_user(self, name: str) -> User | None:
        """Return the user that a token is for, or None."""
        return await self._session.scalar(select(User).where(User.name == name))

    async def find_by_digest(self, digest: str) -> Owned | None:
        """Return the token with that digest, or None."""
        return await self._find(ApiToken.digest == digest)

    async def find(self, token_id: int) -> Owned | None:
        """Return the token with that id, or None."""
        return await self._find(ApiToken.id == token_id)

    async def count_valid(self, user_id: int | None, now: datetime) -> int:
        """Count the tokens of a user that can be used."""
        of_user = select(func.count(ApiToken.id)).where(ApiToken.user_id == user_id)
        return await self._session.scalar(of_user.where(_is_valid(now))) or 0

    async def list_page(
        self, query: TokenQuery, user_id: int | None, now: datetime, *, all_users: bool
    ) -> Slice[Owned]:
        """List a page of tokens; those of one user, or of all."""
        statement = _select()
        if not all_users:
            statement = statement.where(ApiToken.user_id == user_id)
        if query.user is not None:
            statement = statement.where(User.name == query.user)
        if query.is_valid is not None:
            valid = _is_valid(now)
            statement = statement.where(valid if query.is_valid else not_(valid))
        counted = select(func.count()).select_from(statement.order_by(None).subquery())
        count = await self._session.scalar(counted)
        order = order_by(query.order_by, _COLUMNS, ApiToken.id)
        page = statement.order_by(*order).offset(query.offset).limit(query.page_size)
        rows = (await self._session.execute(page)).all()
        return Slice([Owned(row[0], row[1]) for row in rows], count or 0)

    async def mark_used(self, uses: Mapping[int, tuple[datetime, str]]) -> None:
        """Write down when and from where tokens were used."""
        for token_id, (at, address) in uses.items():
            await self._session.execute(
                update(ApiToken)
                .where(ApiToken.id == token_id)
                .values(last_used_at=at, last_used_from=address)
            )

    async def _find(self, condition: ColumnElement[bool]) -> Owned | None:
        row = (await self._session.execute(_select().where(condition))).one_or_none()
        return None if row is None else Owned(row[0], row[1])


def _select() -> Select[ApiToken, User]:
    return select(ApiToken, User).outerjoin(User, User.id == ApiToken.user_id)


def _is_valid(now: datetime) -> ColumnElement[bool]:
    unexpired = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
    return and_(ApiToken.revoked_at.is_(None), unexpired)
