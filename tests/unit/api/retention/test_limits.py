# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the settings say may go, and how is it cut into steps?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.core.errors import SettingsError
from api.core.settings import load_settings
from api.retention.policy import find_limits
from api.retention.removed import Removed
from api.retention.repository import Leaving, cut_to, take_until

NOW = datetime(2026, 1, 1, tzinfo=UTC)

SIZES = st.lists(st.integers(0, 50), max_size=8)


def test_ages_are_counted_from_now() -> None:
    """Each kind has its own age; 0 is for ever."""
    limits = find_limits(load_settings(keep_runs_days=0, keep_logs_days=2.5), NOW)
    assert limits.runs is None
    assert limits.logs == NOW - timedelta(days=2.5)
    assert limits.events == NOW - timedelta(days=30)
    assert limits.secrets == NOW - timedelta(days=7)


def test_what_has_just_ended_stays() -> None:
    """However little is to be kept, somebody may still be reading what ended within the hour."""
    limits = find_limits(load_settings(keep_runs_days=0.001), NOW)
    assert limits.runs == limits.rested == NOW - timedelta(hours=1)


@pytest.mark.parametrize("name", ["keep_runs_days", "keep_logs_days", "logs_max_bytes"])
def test_a_negative_age_is_refused(name: str) -> None:
    """The variable that does not fit is named."""
    with pytest.raises(SettingsError, match=f"MYX_{name.upper()} does not fit"):
        load_settings(**{name: -1})


@given(SIZES, st.integers(0, 100))
def test_a_step_is_cut_to_its_size(sizes: list[int], most: int) -> None:
    """The first ones that fit in are taken, and one more would not have."""
    leaving = [Leaving(str(number), size) for number, size in enumerate(sizes)]
    taken = cut_to(leaving, most)
    assert taken == leaving[: len(taken)]
    assert sum(one.size for one in taken) <= most
    if len(taken) < len(leaving):
        assert sum(one.size for one in leaving[: len(taken) + 1]) > most


@given(SIZES, st.integers(1, 100))
def test_enough_is_taken_and_no_more(sizes: list[int], least: int) -> None:
    """One less would have been too little."""
    leaving = [Leaving(str(number), size) for number, size in enumerate(sizes)]
    taken = take_until(leaving, least)
    assert taken == leaving[: len(taken)]
    assert taken == leaving or sum(one.size for one in taken) >= least
    assert sum(one.size for one in taken[:-1]) < least


def test_counts_add_up() -> None:
    """What went in steps is one sum, and nothing is nothing."""
    both = Removed(runs=1, log_bytes=5) + Removed(runs=2, events=3)
    assert both == Removed(runs=3, log_bytes=5, events=3)
    assert both - Removed(runs=1, log_bytes=5) == Removed(runs=2, events=3)
    assert not Removed()
    assert Removed(workflows=1)
