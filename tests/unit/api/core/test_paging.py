# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from pydantic import ValidationError
from starlette.datastructures import URL

from api.core.paging import MAX_PAGE_SIZE, PageQuery, Slice, build_page

URL_OF_PAGE_2 = URL("http://myx/api/v1/hosts?group=web&page=2&page_size=2")


def test_a_page_names_its_neighbours() -> None:
    """A page in the middle has paths to both sides, which keep the filters."""
    page = build_page(URL_OF_PAGE_2, PageQuery(page=2, page_size=2), Slice(["c", "d"], 5))
    assert page.results == ["c", "d"]
    assert page.count == 5
    assert page.next == "/api/v1/hosts?group=web&page_size=2&page=3"
    assert page.previous == "/api/v1/hosts?group=web&page_size=2&page=1"


@pytest.mark.parametrize(("count", "has_next"), [(4, False), (5, True), (3, False)])
def test_the_last_page_has_no_next(count: int, *, has_next: bool) -> None:
    """There is a next page exactly when rows are left."""
    page = build_page(URL_OF_PAGE_2, PageQuery(page=2, page_size=2), Slice([], count))
    assert (page.next is not None) == has_next


def test_the_first_page_has_no_previous() -> None:
    """The first page says so."""
    assert build_page(URL("/x"), PageQuery(), Slice([], 0)).previous is None


@pytest.mark.parametrize("wrong", [{"page": 0}, {"page_size": 0}, {"page_size": MAX_PAGE_SIZE + 1}])
def test_pages_have_limits(wrong: dict[str, int]) -> None:
    """Pages begin with 1, and no answer grows beyond the limit."""
    with pytest.raises(ValidationError):
        PageQuery(**wrong)
