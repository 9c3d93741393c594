# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a whole process tree ended, with proof that nothing of it is left?

The supervisor is the subreaper of all that it started: what calls ``setsid`` or forks twice
stays its descendant. Asked first, killed after the grace, again and again until the kernel
says that there is no child any more.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from agent_runner.executions.processes import Process, identify, kill, list_descendants, terminate

if TYPE_CHECKING:
    from agent_runner.protocol.methods import State
    from agent_runner.protocol.reasons import ReasonCode

KILL_INTERVAL_S = 0.05
"""How long the killed get to disappear before the tree is walked again."""

GIVE_UP_S = 60.0
"""A process that survives SIGKILL for this long waits for broken hardware; it is reported."""


class Verdict(NamedTuple):
    """Why the tree is ended, and as what the execution ends."""

    state: State
    reason_code: ReasonCode
    reason: str


class TreeEnding:
    """Ends all descendants of this process, step by step from the supervisor's loop."""

    def __init__(self, verdict: Verdict, *, grace_s: float, now: float) -> None:
        self.verdict = verdict
        self._ended: set[Process] = set()
        self._me = _identify_me()
        self._kill_at = now + grace_s
        self._give_up_at = self._kill_at + GIVE_UP_S
        terminate(self._list())

    @property
    def due(self) -> float:
        """When ``step`` has something to do."""
        return self._kill_at

    @property
    def ended_processes(self) -> int:
        """How many processes this has ended."""
        return len(self._ended)

    def step(self, now: float) -> None:
        """Kill what is left if the grace is over."""
        if now >= self._kill_at:
            kill(self._list())
            self._kill_at = now + KILL_INTERVAL_S

    def is_hopeless(self, now: float) -> bool:
        """Tell whether something cannot be killed."""
        return now >= self._give_up_at

    def describe(self) -> str:
        """Return the reason with what was ended and what could not be."""
        count = self.ended_processes
        reason = f"{self.verdict.reason}; {count} process{'' if count == 1 else 'es'} ended"
        left = [str(process.pid) for process in list_descendants(self._me)]
        return f"{reason}, not ended: {', '.join(left)}" if left else reason

    def _list(self) -> list[Process]:
        found = list_descendants(self._me)
        self._ended.update(found)
        return found


def end_all_now() -> None:
    """Kill all descendants of this process and return when there is none."""
    me = _identify_me()
    while True:
        kill(list_descendants(me))
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _identify_me() -> Process:
    me = identify(os.getpid())
    if me is None:
        raise RuntimeError("/proc is not mounted")
    return me
