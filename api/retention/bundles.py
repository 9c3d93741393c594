# SPDX-License-Identifier: GPL-3.0-or-later
"""Which content bundles go? Those that no run, schedule or webhook needs, but for the newest ones.

Which ones a schedule or webhook brings is sealed with the rest of its request, so they are asked
for it. A bundle that somebody has asked for within the last hour stays: its run may not be written
down yet. The file goes before the row: wherever a process dies, the next sweep finds the row.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from api.bundles.schemas import Bundle
from api.bundles.service import BundleService
from api.bundles.store import BundleStore


class BringsBundles(Protocol):
    """Something whose runs may bring bundles of their own."""

    async def list_bundle_digests(self) -> set[str]:
        """List the bundles that its runs bring."""
        ...


class RemovalWork(Protocol):
    """A unit of work as far as removing bundles needs it."""

    @property
    def bundles(self) -> BundleService:
        """The content bundles."""
        ...

    @property
    def schedules(self) -> BringsBundles:
        """The schedules."""
        ...

    @property
    def webhooks(self) -> BringsBundles:
        """The webhooks."""
        ...


class OpenRemovalWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool = False) -> AbstractAsyncContextManager[RemovalWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class BundleRemoval:
    """Removes bundles that nothing needs; one for the whole process."""

    def __init__(self, open_work: OpenRemovalWork, store: BundleStore, keep: int) -> None:
        """Take how many of the newest stay whatever happens; 0 for all."""
        self._open_work = open_work
        self._store = store
        self._keep = keep

    async def list_unneeded(self, before: datetime) -> Sequence[Bundle]:
        """List the bundles that came before and that nothing needs."""
        if not self._keep:
            return []
        async with self._open_work(read_only=True) as work:
            return await self._list(work, before)

    async def remove(self, before: datetime) -> Sequence[Bundle]:
        """Remove them, and return those that went."""
        if not await self.list_unneeded(before):
            return []
        async with self._open_work() as work:
            # Looked at once more where nobody else writes.
            unneeded = await self._list(work, before)
            removed = [each for each in unneeded if self._store.remove_unused(each.digest, before)]
            for bundle in removed:
                await work.bundles.forget_bundle(bundle.digest)
        return removed

    async def _list(self, work: RemovalWork, before: datetime) -> Sequence[Bundle]:
        brought = await work.schedules.list_bundle_digests()
        brought |= await work.webhooks.list_bundle_digests()
        return await work.bundles.list_unneeded(before, self._keep, brought)
