# SPDX-License-Identifier: GPL-3.0-or-later
"""How are long lists answered? In numbered pages, in the form that AWX answers them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import URL

T = TypeVar("T")
U = TypeVar("U")

MAX_PAGE_SIZE = 500
"""The most rows in one answer: one page stays well below a megabyte."""

DEFAULT_PAGE_SIZE = 50


class PageQuery(BaseModel):
    """Which page of a list; a noun's query adds its filters and its ``order_by``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: Annotated[int, Field(ge=1, le=1_000_000, description="Page number, the first is 1")] = 1
    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE, description="Rows on a page")] = (
        DEFAULT_PAGE_SIZE
    )

    @property
    def offset(self) -> int:
        """How many rows lie before the page."""
        return (self.page - 1) * self.page_size


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """The rows of one page, and how many there are in all."""

    items: Sequence[T]
    count: int

    def map(self, convert: Callable[[T], U]) -> "Slice[U]":
        """Return the slice with each row converted."""
        return Slice([convert(item) for item in self.items], self.count)


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    count: Annotated[int, Field(description="Rows on all pages")]
    next: Annotated[str | None, Field(description="Path of the next page")]
    previous: Annotated[str | None, Field(description="Path of the page before")]
    results: list[T]


def build_page(url: URL, query: PageQuery, rows: Slice[T]) -> Page[T]:
    """Wrap the rows with the paths of the pages around them; ``url`` is the request's."""

    def link(page: int) -> str:
        target = url.include_query_params(page=page)
        return f"{target.path}?{target.query}"

    has_next = query.page * query.page_size < rows.count
    return Page(
        count=rows.count,
        next=link(query.page + 1) if has_next else None,
        previous=link(query.page - 1) if query.page > 1 else None,
        results=list(rows.items),
    )
