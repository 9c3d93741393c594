# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of an execution, in memory and on disk."""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_runner.executions.folder import Folder, find_json, write_result
from agent_runner.executions.states import FOLLOWERS, TransitionError, advance
from agent_runner.protocol.methods import END_STATES, State

_states = st.sampled_from(get_args(State))


@given(path=st.lists(_states, max_size=10))
def test_nothing_leaves_an_end(path: list[State]) -> None:
    """Whatever states are asked for, the first end that is reached stays."""
    state: State = "pending"
    end: State | None = None
    for following in path:
        with suppress(TransitionError):
            state = advance(state, following)
        end = end or (state if state in END_STATES else None)
    assert end is None or state == end


def test_every_state_has_its_followers() -> None:
    """No state is forgotten, and a pending execution can reach every other one."""
    assert FOLLOWERS.keys() == set(get_args(State))
    assert FOLLOWERS["pending"] == set(get_args(State)) - {"pending"}


@pytest.mark.parametrize("end", sorted(END_STATES))
def test_running_cannot_follow_an_end(end: State) -> None:
    """An execution that has ended does not run again."""
    with pytest.raises(TransitionError):
        advance(end, "running")


@given(records=st.lists(st.dictionaries(st.text(max_size=5), st.integers()), min_size=1))
def test_the_first_terminal_record_stays(records: list[dict[str, int]]) -> None:
    """Of all terminal records that somebody tries to write, the first one is kept."""
    with tempfile.TemporaryDirectory() as path:
        folder = Folder(Path(path))
        assert [write_result(folder, record) for record in records].count(True) == 1
        assert find_json(folder.result) == records[0]
        assert {entry.name for entry in Path(path).iterdir()} == {"result.json"}
