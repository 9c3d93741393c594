# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about sessions?"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import Session, User


class SessionRepository:
    """The sessions, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: Session) -> None:
        """Add a session, which then has its id."""
        self._session.add(row)
        await self._session.flush()

    async def find_with_user(self, digest: str) -> tuple[Session, User] | None:
        """Return a session and its user, or None."""
        found = select(Session, User).join(User, User.id == Session.user_id)
        rows = await self._session.execute(found.where(Session.digest == digest))
        row = rows.one_or_none()
        return None if row is None else (row[0], row[1])

    async def delete(self, session_id: int) -> None:
        """End a session."""
        await self._session.execute(delete(Session).where(Session.id == session_id))

    async def delete_of_user(self, user_id: int) -> None:
        """End all sessions of a user."""
        await self._session.execute(delete(Session).where(Session.user_id == user_id))

    async def delete_expired(self, now: datetime, used_before: datetime) -> None:
        """Forget those that nobody can use any more."""
        expired = or_(Session.expires_at <= now, Session.last_used_at <= used_before)
        await self._session.execute(delete(Session).where(expired))

    async def mark_used(self, times: Mapping[int, datetime]) -> None:
        """Write down when sessions were used."""
        for session_id, at in times.items():
            await self._session.execute(
                update(Session).where(Session.id == session_id).values(last_used_at=at)
            )
