# SPDX-License-Identifier: GPL-3.0-or-later
"""What of access lives as long as the process? Recognising, signing in, the audit's end, keys."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from api.audit.requests import Change
from api.audit.service import AuditService
from api.audit.verifier import AuditVerifier, AuditWork
from api.audit.witness import AuditWitness
from api.auth.authenticator import Authenticator
from api.auth.last_use import LastUses
from api.auth.passwords import Passwords
from api.auth.throttle import LoginThrottle
from api.auth.tokens import load_admin_token
from api.core.clock import Clock
from api.core.sealing import Sealer
from api.core.settings import Settings
from api.keys.repository import SealedValues
from api.keys.rotator import KeyRotator
from api.sessions.door import Door
from api.sessions.service import SessionService
from api.tokens.service import TokenService
from api.users.accounts import Accounts
from api.users.service import UserService


class AccessWork(Protocol):
    """A unit of work as far as access needs it."""

    @property
    def users(self) -> UserService:
        """The users."""
        ...

    @property
    def tokens(self) -> TokenService:
        """The API tokens."""
        ...

    @property
    def sessions(self) -> SessionService:
        """The sessions."""
        ...

    @property
    def audit(self) -> AuditService:
        """The audit."""
        ...

    @property
    def sealed_values(self) -> SealedValues:
        """All secrets, as they are sealed."""
        ...


class OpenAccessWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool = False) -> AbstractAsyncContextManager[AccessWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class Access:
    """Who gets in, and what is told of what they do."""

    def __init__(
        self, settings: Settings, open_work: OpenAccessWork, clock: Clock, sealer: Sealer
    ) -> None:
        self._open_work = open_work
        passwords, throttle = Passwords(), LoginThrottle(clock)
        self.accounts = Accounts(open_work, passwords, throttle)
        self.door = Door(open_work, passwords, throttle)
        self.last_uses = LastUses(open_work, clock)
        self.authenticator = Authenticator(
            load_admin_token(settings.admin_token_file), open_work, self.last_uses, clock
        )
        self.witness = AuditWitness(settings.audit_head_file)
        self.verifier = AuditVerifier(open_work, self.witness)
        self.key_rotator = KeyRotator(open_work, sealer, settings.secret_key_file)

    async def open(self) -> None:
        """Compare the audit's end with the one that was kept."""
        await self.verifier.check_end()

    async def close(self) -> None:
        """Write down what is still to be."""
        await self.last_uses.finish()
        await self.witness.close()

    async def tell_change(self, change: Change, result: str) -> None:
        """Record a change of which no service has told, or one that was refused."""
        async with self._open_work() as work:
            await work.audit.record(*change, result=result)


def note_end(witness: AuditWitness, work: AuditWork) -> None:
    """Keep the end of the audit, where the unit of work that has committed moved it."""
    if work.audit.head is not None:
        witness.note(work.audit.head)
