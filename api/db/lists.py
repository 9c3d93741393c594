# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a repository answer one page of a list? Counted, sorted and cut by the database."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    any_,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from api.core.paging import PageQuery, Slice

Row = TypeVar("Row")

FAR = 1000
"""From so many rows before it a page counts as far behind."""
Value = TypeVar("Value")

VALUES_AT_ONCE = 500
"""Values in one statement: far below what either database allows."""


@dataclass(frozen=True, slots=True)
class TableStamp:
    """Another one after each change of a table: ids are never used again, revisions only grow."""

    count: int = 0
    newest_id: int = 0
    revisions: int = 0


async def fetch_slice(
    session: AsyncSession,
    statement: Select[Row],
    query: PageQuery,
    order: tuple[ColumnElement[Any], ...],
) -> Slice[Row]:
    """Fetch the page that ``query`` asks for, and count the rows of all pages.

    ``order`` must end with a unique column, or rows could show up on two pages.
    """
    rows = (await session.scalars(_cut(statement, query, order))).all()
    if query.offset == 0 and len(rows) < query.page_size:
        return Slice(rows, len(rows))
    # Of the entity alone: what is loaded beside it changes no number.
    entity = statement.column_descriptions[0]["entity"]
    counted = select(func.count()).select_from(entity)
    if statement.whereclause is not None:
        counted = counted.where(statement.whereclause)
    return Slice(rows, await session.scalar(counted) or 0)


def _cut(
    statement: Select[Row], query: PageQuery, order: tuple[ColumnElement[Any], ...]
) -> Select[Row]:
    """Return the statement for one page.

    What lies before a page far behind is walked through in the index alone, not row by row.
    """
    ordered = statement.order_by(*order)
    if query.offset < FAR:
        return ordered.offset(query.offset).limit(query.page_size)
    unique = order[-1].element
    wanted = select(unique).order_by(*order).offset(query.offset).limit(query.page_size)
    if statement.whereclause is not None:
        wanted = wanted.where(statement.whereclause)
    return ordered.where(unique.in_(wanted.scalar_subquery()))


def order_by(
    name: str, columns: Mapping[str, InstrumentedAttribute[Any]], unique: InstrumentedAttribute[Any]
) -> tuple[ColumnElement[Any], ...]:
    """Turn ``name`` or ``-name`` into columns, with ``unique`` to settle what is equal."""
    descending = name.startswith("-")
    chosen = (columns[name.removeprefix("-")], unique)
    return tuple(column.desc() if descending else column.asc() for column in chosen)


def contains_text(column: InstrumentedAttribute[str], part: str) -> ColumnElement[bool]:
    """Say that the column holds the part, in whatever case, with no character special.

    Not by ``icontains``: on PostgreSQL that is ILIKE, which reads and folds every row, while the
    indexes of trigrams are of ``lower()``.
    """
    literal = part.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return func.lower(column).contains(func.lower(literal), escape="/")


async def plan_for_values(session: AsyncSession) -> None:
    """Let PostgreSQL plan for the texts that are searched for, until the unit of work ends.

    A statement given often is planned for any text otherwise, and one that every row has is then
    looked up in the index of trigrams, row by row.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


def is_among(
    session: AsyncSession, column: InstrumentedAttribute[int], ids: Collection[int]
) -> ColumnElement[bool]:
    """Say that the column is one of many numbers; they are one parameter, however many."""
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(bindparam(None, list(ids), ARRAY(Integer), unique=True))
    listed = func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(select(listed.c.value))


async def get_stamp(
    session: AsyncSession,
    row_id: InstrumentedAttribute[int],
    revision: InstrumentedAttribute[int],
) -> TableStamp:
    """Return what tells one state of a table from another; reads only the index of revisions."""
    facts = select(func.count(), func.max(row_id), func.sum(revision))
    count, newest_id, revisions = (await session.execute(facts)).one()
    return TableStamp(count, newest_id or 0, int(revisions or 0))


def cut(values: Collection[Value], size: int = VALUES_AT_ONCE) -> Iterator[list[Value]]:
    """Cut many values into lists that fit into one statement each."""
    listed = list(values)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]
