# SPDX-License-Identifier: GPL-3.0-or-later
"""When were tokens and sessions last used? Written down now and then, behind the requests' backs.

A request must not wait for the database's write lock because it has shown a token. So uses are
gathered and written by a task of their own, each token's and session's at most once a minute.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from api.core.clock import Clock
from api.core.errors import MyxError

STEP = timedelta(minutes=1)
"""How exact a time of last use is."""

_log = structlog.stdlib.get_logger(__name__)


class MarksSessions(Protocol):
    """Writes down when sessions were used."""

    async def mark_used(self, times: Mapping[int, datetime]) -> None:
        """Write it down."""
        ...


class MarksTokens(Protocol):
    """Writes down when and from where tokens were used."""

    async def mark_used(self, uses: Mapping[int, tuple[datetime, str]]) -> None:
        """Write it down."""
        ...


class UseWork(Protocol):
    """A unit of work as far as this needs it."""

    @property
    def sessions(self) -> MarksSessions:
        """The sessions."""
        ...

    @property
    def tokens(self) -> MarksTokens:
        """The API tokens."""
        ...


class OpenUseWork(Protocol):
    """Opens a unit of work that writes."""

    def __call__(self) -> AbstractAsyncContextManager[UseWork]:
        """Open it."""
        ...


class LastUses:
    """Gathers uses and writes them down; one for the whole process."""

    def __init__(self, open_work: OpenUseWork, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock
        self._tokens: dict[int, tuple[datetime, str]] = {}
        self._sessions: dict[int, datetime] = {}
        self._writing: asyncio.Task[None] | None = None

    def note_token(self, token_id: int, written: datetime | None, address: str) -> None:
        """Note that a token was used; ``written`` is what the database knows."""
        now = self._clock.now()
        if written is None or now - written >= STEP:
            self._tokens[token_id] = (now, address)
            self._write_soon()

    def note_session(self, session_id: int, written: datetime | None) -> None:
        """Note that a session was used."""
        now = self._clock.now()
        if written is None or now - written >= STEP:
            self._sessions[session_id] = now
            self._write_soon()

    async def finish(self) -> None:
        """Have everything written down."""
        if self._writing is not None:
            await self._writing

    def _write_soon(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._tokens or self._sessions:
            tokens, self._tokens = self._tokens, {}
            sessions, self._sessions = self._sessions, {}
            try:
                async with self._open_work() as work:
                    await work.tokens.mark_used(tokens)
                    await work.sessions.mark_used(sessions)
            except MyxError as error:
                # Not worth another try: the next use is as good.
                _log.warning("last_use_not_written", error=error.message)
