# SPDX-License-Identifier: GPL-3.0-or-later
"""Which executions a rotation chooses."""

from hypothesis import given
from hypothesis import strategies as st

from agent_runner.config import Limits
from agent_runner.executions.rotation.selection import Ended, choose_removable

NOW = 1_000_000.0
DAY_S = 24 * 3600

_ended = st.builds(
    Ended,
    command_id=st.uuids().map(str),
    ended_at=st.floats(0, 2 * NOW),
    size_bytes=st.integers(0, 1000),
    is_acknowledged=st.booleans(),
)


def _choose(ended: list[Ended], *, living: int = 0, living_bytes: int = 0, **limits: int) -> str:
    chosen = choose_removable(
        ended,
        count=len(ended) + living,
        size_bytes=sum(one.size_bytes for one in ended) + living_bytes,
        limits=Limits(**limits),
        now=NOW,
    )
    return " ".join(one.command_id for one in chosen)


def _age(name: str, days: float, *, size: int = 1, acknowledged: bool = True) -> Ended:
    return Ended(name, NOW - days * DAY_S, size, acknowledged)


def test_what_is_old_goes() -> None:
    """Older than the limit is removed, an end that nobody has acknowledged much later."""
    ended = [_age("young", 6), _age("old", 8), _age("unread", 8, acknowledged=False)]
    ended.append(_age("forgotten", 31, acknowledged=False))
    assert _choose(ended) == "forgotten old"


def test_above_the_number_the_oldest_ends_go() -> None:
    """The living count, and stay; so does what nobody has acknowledged."""
    ended = [_age("c", 1), _age("a", 3), _age("b", 2), _age("unread", 4, acknowledged=False)]
    assert _choose(ended, living=1, spool_max_executions=5) == ""
    assert _choose(ended, living=1, spool_max_executions=4) == "a"
    assert _choose(ended, living=9, spool_max_executions=4) == "a b c"


def test_above_the_size_the_oldest_ends_go() -> None:
    """So many go that the size is a tenth below its limit, and no more."""
    ended = [_age(str(days), days, size=100) for days in range(1, 6)]
    assert _choose(ended, spool_max_bytes=500) == ""
    assert _choose(ended, spool_max_bytes=499) == "5"
    assert _choose(ended, living_bytes=60, spool_max_bytes=500) == "5 4"


@given(
    ended=st.lists(_ended, max_size=20),
    max_bytes=st.integers(0, 5000),
    max_executions=st.integers(1, 20),
)
def test_the_unacknowledged_stay_whatever_the_room(
    ended: list[Ended], max_bytes: int, max_executions: int
) -> None:
    """No lack of room removes an end that nobody has acknowledged, and none is chosen twice."""
    limits = Limits(spool_max_bytes=max_bytes, spool_max_executions=max_executions)
    chosen = choose_removable(ended, count=10**6, size_bytes=10**9, limits=limits, now=NOW)
    assert len(set(chosen)) == len(chosen)
    assert all(one.is_acknowledged for one in chosen)
    assert len(chosen) == sum(one.is_acknowledged for one in ended)
