# SPDX-License-Identifier: GPL-3.0-or-later
"""Where do sealed values lie? In each column that was made with ``sealed_column``."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import Base
from api.models.base import SEALED_FOR

Reseal = Callable[[bytes, str], bytes | None]
"""Takes a sealed value and its context, returns the new one; None where it stays."""


class Batch(NamedTuple):
    """What was done with some rows."""

    last_key: Any
    """The key of the last row; None where there were no more."""
    changed: int


class Place(NamedTuple):
    """A column of sealed values."""

    column: Column[Any]

    @property
    def key(self) -> Column[Any]:
        """The primary key of its table."""
        [key] = self.column.table.primary_key.columns
        return key

    @property
    def context(self) -> str:
        """What its values are bound to, with ``{}`` for the row's key."""
        context: str = self.column.info[SEALED_FOR]
        return context


def list_places() -> list[Place]:
    """List all columns of sealed values."""
    tables = Base.metadata.sorted_tables
    return [Place(c) for table in tables for c in table.columns if SEALED_FOR in c.info]


class SealedValues:
    """The sealed values, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def reseal(self, place: Place, after: Any, limit: int, reseal: Reseal) -> Batch:
        """Seal the values of some rows again, in the order of their keys, from behind one on."""
        wanted = select(place.key, place.column).where(place.column.is_not(None))
        if after is not None:
            wanted = wanted.where(place.key > after)
        rows = (await self._session.execute(wanted.order_by(place.key).limit(limit))).all()
        changed = 0
        for key, value in rows:
            renewed = reseal(value, place.context.format(key))
            if renewed is not None:
                changed += 1
                await self._session.execute(
                    update(place.column.table)
                    .where(place.key == key, place.column == value)
                    .values({place.column.name: renewed})
                )
        return Batch(rows[-1][0] if rows else None, changed)
