# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the key replaced that seals secrets? Step by step, so that a crash loses nothing.

1. A new key is written into the key file, before the old one: from now on it seals, and both open.
2. Every value that another key sealed is sealed again, some rows a transaction.
3. When none is left, the old key is taken out of the file.

After a crash, or an error, asking again goes on with the key that was made.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import structlog

from api.audit.service import AuditService
from api.core.sealing import KeyFile, Sealer, make_key
from api.keys.repository import Place, SealedValues, list_places
from api.keys.schemas import Rotation

BATCH = 200
"""Rows a transaction: some 10 ms, so that nobody waits for long."""

_log = structlog.stdlib.get_logger(__name__)


class KeyWork(Protocol):
    """A unit of work as far as rotating needs it."""

    @property
    def sealed_values(self) -> SealedValues:
        """The sealed values."""
        ...

    @property
    def audit(self) -> AuditService:
        """The audit."""
        ...


class OpenKeyWork(Protocol):
    """Opens a unit of work that writes."""

    def __call__(self) -> AbstractAsyncContextManager[KeyWork]:
        """Open it."""
        ...


class KeyRotator:
    """Rotates the key; one for the whole process."""

    def __init__(
        self, open_work: OpenKeyWork, sealer: Sealer, key_file: Path, batch: int = BATCH
    ) -> None:
        self._open_work = open_work
        self._sealer = sealer
        self._file = KeyFile(key_file)
        self._batch = batch
        self._one_at_a_time = asyncio.Lock()

    async def rotate(self) -> Rotation:
        """Replace the key, or go on where that was interrupted.

        Raises:
            SealingError: a value opens with none of the keys; names it.
        """
        async with self._one_at_a_time:
            keys = await asyncio.to_thread(self._file.read)
            was_resumed = len(keys) > 1
            if not was_resumed:
                keys = [make_key(), *keys]
                await asyncio.to_thread(self._file.write, keys)
            resealed = await self._reseal_all()
            async with self._open_work() as work:
                details = {"resealed": resealed, "was_resumed": was_resumed}
                await work.audit.record("rotate_key", "keys", "secret.key", details)
            await asyncio.to_thread(self._file.write, keys[:1])
            _log.info("key_rotated", resealed=resealed, resumed=was_resumed)
            return Rotation(resealed=resealed, was_resumed=was_resumed)

    async def _reseal_all(self) -> int:
        """Go through all values until a whole round finds none of another key."""
        resealed = 0
        while True:
            changed = 0
            for place in list_places():
                changed += await self._reseal_place(place)
            if not changed:
                return resealed
            resealed += changed

    async def _reseal_place(self, place: Place) -> int:
        changed, last_key = 0, None
        while True:
            async with self._open_work() as work:
                batch = await work.sealed_values.reseal(place, last_key, self._batch, self._reseal)
            if batch.last_key is None:
                return changed
            changed, last_key = changed + batch.changed, batch.last_key

    def _reseal(self, sealed: bytes, context: str) -> bytes | None:
        if self._sealer.is_current(sealed):
            return None
        return self._sealer.seal(self._sealer.unseal(sealed, context), context)
