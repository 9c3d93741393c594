# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared with what, and what is wanted? One module a goal."""

from dataclasses import dataclass
from typing import Protocol

from bench.harness.results import Result
from bench.testbed.testbed import Testbed


@dataclass(frozen=True)
class Effort:
    """How much time there is.

    Attributes:
        quick: only what guards need, for CI.
        rounds: of a measurement that takes seconds; one that takes a minute has fewer.
    """

    quick: bool
    rounds: int

    @property
    def few(self) -> int:
        """The rounds of what takes a minute."""
        return max(1, self.rounds // 2)


class RunGoal(Protocol):
    """Measures one goal."""

    def __call__(self, testbed: Testbed, effort: Effort) -> Result:
        """Return what was measured."""
        ...


@dataclass(frozen=True)
class Goal:
    """One goal.

    Attributes:
        work: what is done.
        wanted: the goal in words.
        in_quick: whether the quick mode has a guard of it.
    """

    goal_id: str
    work: str
    wanted: str
    run: RunGoal
    in_quick: bool = False
