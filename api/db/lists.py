# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a repository answer one page of a list? Counted, sorted and cut by the database."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from api.core.paging import PageQuery, Slice

Row = TypeVar("Row")


async def fetch_slice(
    session: AsyncSession,
    statement: Select[Row],
    query: PageQuery,
    order: tuple[ColumnElement[Any], ...],
) -> Slice[Row]:
    """Fetch the page that ``query`` asks for, and count the rows of all pages.

    ``order`` must end with a unique column, or rows could show up on two pages.
    """
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    count = await session.scalar(counted)
    page = statement.order_by(*order).offset(query.offset).limit(query.page_size)
    return Slice((await session.scalars(page)).all(), count or 0)


def order_by(
    name: str, columns: Mapping[str, InstrumentedAttribute[Any]], unique: InstrumentedAttribute[Any]
) -> tuple[ColumnElement[Any], ...]:
    """Turn ``name`` or ``-name`` into columns, with ``unique`` to settle what is equal."""
    descending = name.startswith("-")
    chosen = (columns[name.removeprefix("-")], unique)
    return tuple(column.desc() if descending else column.asc() for column in chosen)


def contains_text(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Say that the column holds the text, in whatever case, with no character special."""
    return column.icontains(text, autoescape=True)
