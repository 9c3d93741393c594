# SPDX-License-Identifier: GPL-3.0-or-later
"""Which states can an execution pass through?

``pending -> running -> one end``; an execution that could not be supervised ends from
``pending``. Nothing leaves an end: on disk the terminal record is written once and never
replaced, in memory ``advance`` refuses.
"""

from agent_runner.protocol.methods import END_STATES, State

FOLLOWERS: dict[State, frozenset[State]] = {
    **dict.fromkeys(END_STATES, frozenset()),
    "pending": frozenset({"running", *END_STATES}),
    "running": END_STATES,
}
"""The states that may follow a state."""


class TransitionError(Exception):
    """An execution cannot pass from its state to that one."""


def advance(current: State, following: State) -> State:
    """Return ``following`` where it may follow ``current`` or is the same.

    Raises:
        TransitionError: it may not.
    """
    if following != current and following not in FOLLOWERS[current]:
        raise TransitionError(f"{current} -> {following}")
    return following
