# SPDX-License-Identifier: GPL-3.0-or-later
"""What are the rules of sessions? They end by idling, by age, by signing out, by a new password."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from api import models
from api.audit.origin import get_origin
from api.auth.grants import load_grants
from api.auth.principals import Principal
from api.auth.tokens import digest_token
from api.core.clock import Clock
from api.sessions.repository import SessionRepository


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts, in seconds."""

    idle_s: float
    absolute_s: float


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a session or a token, and when it was last written down that it was used."""

    principal: Principal
    last_used_at: datetime | None


class SessionService:
    """The sessions, in one unit of work."""

    def __init__(self, repository: SessionRepository, lifetime: Lifetime, clock: Clock) -> None:
        self._repository = repository
        self._lifetime = lifetime
        self._clock = clock

    async def begin(self, user_id: int, token: str) -> tuple[int, datetime]:
        """Begin a session of which the browser holds ``token``; return its id and its end."""
        now, origin = self._clock.now(), get_origin()
        await self._repository.delete_expired(now, self._idle_limit(now))
        row = models.Session(
            user_id=user_id,
            digest=digest_token(token),
            created_at=now,
            expires_at=now + timedelta(seconds=self._lifetime.absolute_s),
            last_used_at=now,
            address=origin.address,
            user_agent=origin.user_agent,
        )
        await self._repository.add(row)
        return row.id, row.expires_at

    async def find_holder(self, token: str) -> Holder | None:
        """Return who has the session, or None where it has ended or never was."""
        found = await self._repository.find_with_user(digest_token(token))
        if found is None:
            return None
        session, user = found
        now = self._clock.now()
        if (
            user.is_disabled
            or session.expires_at <= now
            or session.last_used_at <= self._idle_limit(now)
        ):
            return None
        principal = Principal(
            name=user.name,
            grants=load_grants(user.grants),
            user_id=user.id,
            session_id=session.id,
            expires_at=session.expires_at,
        )
        return Holder(principal, session.last_used_at)

    async def end(self, session_id: int) -> None:
        """End a session."""
        await self._repository.delete(session_id)

    async def end_all(self, user_id: int) -> None:
        """End all sessions of a user."""
        await self._repository.delete_of_user(user_id)

    async def mark_used(self, times: Mapping[int, datetime]) -> None:
        """Write down when sessions were used."""
        await self._repository.mark_used(times)

    def _idle_limit(self, now: datetime) -> datetime:
        return now - timedelta(seconds=self._lifetime.idle_s)
