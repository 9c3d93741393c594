# SPDX-License-Identifier: GPL-3.0-or-later
"""Which questions about content bundles does the database answer?"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.bundles.schemas import BundleQuery
from api.core.paging import Slice
from api.db.lists import fetch_slice, order_by
from api.models import Bundle, Run

_COLUMNS = {"created_at": Bundle.created_at, "size_bytes": Bundle.size_bytes}


class BundleRepository:
    """The content bundles, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_bundle(self, bundle: Bundle) -> bool:
        """Add a bundle, and say whether it is new; the same digest is the same bundle."""
        try:
            async with self._session.begin_nested():
                self._session.add(bundle)
        except IntegrityError:
            return False
        return True

    async def find_bundle(self, digest: str) -> Bundle | None:
        """Find a bundle by its digest."""
        return await self._session.get(Bundle, digest)

    async def list_unneeded(
        self, before: datetime, keep: int, needed: Collection[str]
    ) -> Sequence[Bundle]:
        """List the bundles that came before, that no run has and nobody says to need.

        The newest ones are left out, so many of all and the last one of the content folder.
        """
        of_runs = select(Run.bundle_digest).where(Run.bundle_digest.is_not(None))
        newest = select(Bundle.digest).order_by(Bundle.created_at.desc())
        content = newest.where(Bundle.origin == "content_dir")
        statement = select(Bundle).where(
            Bundle.created_at < before,
            Bundle.digest.not_in(of_runs.distinct()),
            Bundle.digest.not_in(newest.limit(keep)),
            Bundle.digest.not_in(content.limit(1)),
        )
        rows = await self._session.scalars(statement.order_by(Bundle.created_at))
        return [row for row in rows if row.digest not in needed]

    async def delete_bundle(self, bundle: Bundle) -> None:
        """Forget a bundle."""
        await self._session.delete(bundle)

    async def list_bundles(self, query: BundleQuery) -> Slice[Bundle]:
        """List one page of the bundles that the query describes."""
        statement = select(Bundle)
        if query.origin is not None:
            statement = statement.where(Bundle.origin == query.origin)
        order = order_by(query.order_by, _COLUMNS, Bundle.digest)
        return await fetch_slice(self._session, statement, query, order)
