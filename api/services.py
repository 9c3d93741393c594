# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services are there on one unit of work? All nouns', as far as they are not the fleet's."""

from functools import cached_property
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from api.audit.repository import AuditRepository
from api.audit.service import AuditService
from api.auth.scopes import Scope
from api.bundles.repository import BundleRepository
from api.bundles.service import BundleService
from api.core.settings import Settings
from api.keys.repository import SealedValues
from api.notifications.service import NotificationService
from api.overview.repository import OverviewRepository
from api.overview.service import OverviewService
from api.run_services import RunParts, RunServices
from api.schedules.service import ScheduleService
from api.sessions.repository import SessionRepository
from api.sessions.service import Lifetime, SessionService
from api.tokens.repository import TokenRepository
from api.tokens.service import TokenService
from api.trigger_parts import build_schedules, build_webhooks
from api.users.repository import UserRepository
from api.users.service import UserService
from api.webhooks.service import WebhookService


class ServiceParts(RunParts, Protocol):
    """What these services need that lives as long as the process."""

    @property
    def settings(self) -> Settings:
        """The settings."""
        ...


class Services(RunServices):
    """The nouns' services on one unit of work, within a scope."""

    def __init__(self, parts: ServiceParts, session: AsyncSession, scope: Scope) -> None:
        super().__init__(parts, session, scope)
        self._shared = parts

    @cached_property
    def audit(self) -> AuditService:
        """Who did what."""
        return AuditService(AuditRepository(self._session), self._shared.clock)

    @cached_property
    def overview(self) -> OverviewService:
        """How things stand."""
        repository = OverviewRepository(self._session, self._scope)
        return OverviewService(repository, self._shared.clock)

    @cached_property
    def sealed_values(self) -> SealedValues:
        """All secrets, as they are sealed."""
        return SealedValues(self._session)

    @cached_property
    def sessions(self) -> SessionService:
        """The sessions of browsers."""
        parts = self._shared
        lifetime = Lifetime(parts.settings.session_idle_s, parts.settings.session_max_s)
        return SessionService(SessionRepository(self._session), lifetime, parts.clock)

    @cached_property
    def users(self) -> UserService:
        """The users."""
        repository = UserRepository(self._session)
        return UserService(repository, self.sessions, self.audit, self._shared.clock)

    @cached_property
    def tokens(self) -> TokenService:
        """The API tokens."""
        return TokenService(TokenRepository(self._session), self.audit, self._shared.clock)

    @cached_property
    def bundles(self) -> BundleService:
        """The content bundles."""
        return BundleService(BundleRepository(self._session), self._shared.clock)

    @cached_property
    def schedules(self) -> ScheduleService:
        """The schedules."""
        return build_schedules(self._session, self._shared, self.runs, self.audit)

    @cached_property
    def webhooks(self) -> WebhookService:
        """The webhooks."""
        return build_webhooks(self._session, self._shared, self.audit)

    @cached_property
    def notifications(self) -> NotificationService:
        """The notifications."""
        return self.telling.build_service(self.audit)
