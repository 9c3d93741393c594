# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of content bundles? How they come in is ``BundleIntake``'s business."""

from collections.abc import Collection
from datetime import datetime

from api import models
from api.bundles import schemas
from api.bundles.errors import BundleNotFoundError
from api.bundles.repository import BundleRepository
from api.core.clock import Clock
from api.core.paging import Slice


class BundleService:
    """The content bundles, in one unit of work."""

    def __init__(self, repository: BundleRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    async def get_bundle(self, digest: str) -> schemas.Bundle:
        """Return a bundle.

        Raises:
            BundleNotFoundError: there is none of that digest.
        """
        row = await self._repository.find_bundle(digest)
        if row is None:
            raise BundleNotFoundError.of(digest)
        return describe_bundle(row)

    async def list_bundles(self, query: schemas.BundleQuery) -> Slice[schemas.Bundle]:
        """List one page of the bundles that the query describes."""
        return (await self._repository.list_bundles(query)).map(describe_bundle)

    async def list_unneeded(
        self, before: datetime, keep: int, needed: Collection[str]
    ) -> list[schemas.Bundle]:
        """List the bundles that may go; see ``BundleRepository.list_unneeded``."""
        rows = await self._repository.list_unneeded(before, keep, needed)
        return [describe_bundle(row) for row in rows]

    async def forget_bundle(self, digest: str) -> None:
        """Forget a bundle whose file is gone."""
        row = await self._repository.find_bundle(digest)
        if row is not None:
            await self._repository.delete_bundle(row)

    async def record_bundle(
        self, digest: str, size_bytes: int, files: int, origin: schemas.Origin
    ) -> tuple[schemas.Bundle, bool]:
        """Write down a bundle that lies in the store, and say whether it was unknown."""
        row = models.Bundle(
            digest=digest,
            size_bytes=size_bytes,
            files=files,
            origin=origin,
            created_at=self._clock.now(),
        )
        is_new = await self._repository.add_bundle(row)
        return await self.get_bundle(digest), is_new


def describe_bundle(bundle: models.Bundle) -> schemas.Bundle:
    """Turn a row into what is answered."""
    return schemas.Bundle.model_validate(bundle, from_attributes=True)
