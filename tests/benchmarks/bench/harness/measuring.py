# SPDX-License-Identifier: GPL-3.0-or-later
"""How are ways of doing the same work compared? In turn, round by round, in one run.

A way whose result is wrong, or that breaks, counts as not run, and the others go on.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bench.harness.accounts import Account

SHOWN = 360
"""Characters of an error in a report: its beginning and its end, where the cause is."""

Figures = dict[str, float]
"""One measurement: figures by name; a name ends in its unit (``wall_s``, ``memory_mb``)."""


class WrongResultError(Exception):
    """The work was not done as it should have been; the message says what was found."""


@dataclass(frozen=True)
class Way:
    """One way to do the work.

    Attributes:
        name: as it is shown.
        run: does the work once and returns what it took; raises if the result is wrong.
    """

    name: str
    run: Callable[[], Figures]


@dataclass
class Measured:
    """What one way took, over all rounds."""

    name: str
    values: dict[str, list[float]] = field(default_factory=dict)
    reason: str = ""
    """Why it was not run; empty for one that was."""

    def add(self, figures: Mapping[str, float]) -> None:
        """Take in one round."""
        for name, value in figures.items():
            self.values.setdefault(name, []).append(value)

    def find(self, figure: str) -> float | None:
        """Return the median of a figure, or None where there is none."""
        values = self.values.get(figure)
        return statistics.median(values) if values and not self.reason else None

    def find_least(self, *figures: str) -> float | None:
        """Return the least sum of figures in a round, or None: what noise adds to, least of all."""
        rounds = zip(*(self.values[name] for name in figures if name in self.values), strict=True)
        return min(map(sum, rounds), default=None) if not self.reason else None


def measure(ways: Iterable[Way], rounds: int, *, warm_ups: int = 1) -> list[Measured]:
    """Run every way once a round, after rounds that are not counted; return what they took."""
    measured = {way.name: (way, Measured(way.name)) for way in ways}
    for number in range(-warm_ups, rounds):
        for way, result in measured.values():
            if not result.reason:
                _measure_once(way, result, counted=number >= 0)
    return [result for _, result in measured.values()]


def _measure_once(way: Way, result: Measured, *, counted: bool) -> None:
    try:
        figures = way.run()
    except Exception as error:  # noqa: BLE001 - whatever a peer does, the others go on
        result.reason = describe(error)
        say(f"    {way.name}: not run: {result.reason}")
        return
    if counted:
        result.add(figures)
    shown = "  ".join(f"{name}={value:.4g}" for name, value in figures.items())
    say(f"    {way.name}: {shown}{'' if counted else '  (not counted)'}")


def describe(error: BaseException) -> str:
    """Return an error as one line."""
    words = " ".join(str(error).split())
    if len(words) > SHOWN:
        words = f"{words[: SHOWN // 3]} ... {words[-SHOWN * 2 // 3 :]}"
    return f"{type(error).__name__}: {words}"


def timed(accounts: Mapping[str, Account], work: Callable[[], Figures | None]) -> Figures:
    """Do work and return its wall time and the processor time of each account, ``NAME_cpu_s``."""
    before = {name: account.used_s for name, account in accounts.items()}
    started = time.perf_counter()
    figures = work() or {}
    wall_s = time.perf_counter() - started
    used = {f"{name}_cpu_s": a.used_s - before[name] for name, a in accounts.items()}
    return {"wall_s": wall_s} | used | figures


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
