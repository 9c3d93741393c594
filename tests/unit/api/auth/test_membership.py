# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups into which a limited admin may put a host."""

import pytest

from api.auth.errors import GroupsOutOfReachError
from api.auth.membership import check_groups
from api.auth.scopes import EVERYTHING, Reach, Scope

WEB_AND_EU = Scope((Reach(groups=frozenset({"web"})), Reach(groups=frozenset({"eu"}))))


@pytest.mark.parametrize(
    ("before", "after"),
    [((), ["web"]), (["web"], ["eu"]), (["db", "web"], ["db", "eu", "web"])],
)
def test_own_groups_may_come_and_go(before: list[str], after: list[str]) -> None:
    """Groups that are within reach are put on and taken off; others stay as they are."""
    check_groups(WEB_AND_EU, before, after)
    check_groups(EVERYTHING, after, ["anything"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), []),
        ((), ["db"]),
        ((), ["db", "web"]),
        (["db", "web"], ["web"]),
        (["web"], []),
        (["db", "web"], ["db"]),
    ],
)
def test_others_may_not(before: list[str], after: list[str]) -> None:
    """A host can neither be given to others nor taken from them, nor leave one's own reach."""
    with pytest.raises(GroupsOutOfReachError, match=r"eu, web"):
        check_groups(WEB_AND_EU, before, after)
