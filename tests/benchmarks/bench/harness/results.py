# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes out of a benchmark, and how is it written down? One JSON file; see ``Report``."""

import dataclasses
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.harness.measuring import Measured

SCHEMA_VERSION = 1
"""Raised when a reader of the version before would misread a report."""


@dataclass(frozen=True)
class Verdict:
    """One thing that was wanted, and what was reached.

    Attributes:
        what: the sentence without its number, ``times faster than ansible-playbook over SSH``.
        sense: whether ``wanted`` is the least or the most that is right.
        reached: None where ours or the peer's figure is missing.
    """

    what: str
    sense: Literal["least", "most"]
    wanted: float
    reached: float | None
    unit: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it was reached; None where it was not measured."""
        if self.reached is None:
            return None
        return self.reached >= self.wanted if self.sense == "least" else self.reached <= self.wanted


@dataclass(frozen=True)
class Series:
    """How a figure grows: points, and the straight line through them (least squares)."""

    name: str
    x: str
    unit: str
    points: Sequence[tuple[float, float]]

    @property
    def slope(self) -> float | None:
        """What one more of ``x`` costs."""
        if len({x for x, _ in self.points}) < 2:
            return None
        xs, ys = zip(*self.points, strict=True)
        return statistics.linear_regression(xs, ys).slope

    @property
    def intercept(self) -> float | None:
        """What it costs before the first of ``x``."""
        if self.slope is None:
            return None
        xs, ys = zip(*self.points, strict=True)
        return statistics.linear_regression(xs, ys).intercept


@dataclass(frozen=True)
class Guard:
    """A ratio in one run that CI holds against the committed one; higher is better."""

    name: str
    value: float | None


@dataclass
class Result:
    """What came of one goal."""

    ways: list[Measured] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    guards: list[Guard] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def find(self, way: str, figure: str) -> float | None:
        """Return the median of a way's figure, or None."""
        found = [measured for measured in self.ways if measured.name == way]
        return found[0].find(figure) if found else None

    def find_cpu(self, way: str) -> float | None:
        """Return the least processor time of a round, controller and host together, or None."""
        found = [measured for measured in self.ways if measured.name == way]
        return found[0].find_least("controller_cpu_s", "host_cpu_s") if found else None


@dataclass(frozen=True)
class Outcome:
    """A goal with its result, or with the reason why there is none."""

    goal_id: str
    work: str
    wanted: str
    took_s: float
    result: Result
    reason: str = ""


def divide(above: float | None, below: float | None) -> float | None:
    """Return a ratio, or None where a side is missing or nothing."""
    return above / below if above is not None and below else None


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Return one element of a report's ``goals``."""
    result = outcome.result
    return {
        "id": outcome.goal_id,
        "work": outcome.work,
        "wanted": outcome.wanted,
        "took_s": round(outcome.took_s, 1),
        "status": "not run" if outcome.reason else "measured",
        "reason": outcome.reason,
        "ways": [_way_to_json(measured) for measured in result.ways],
        "verdicts": [dataclasses.asdict(v) | {"met": v.met} for v in result.verdicts],
        "series": [
            dataclasses.asdict(s) | {"slope": s.slope, "intercept": s.intercept}
            for s in result.series
        ],
        "guards": {guard.name: guard.value for guard in result.guards},
        "notes": result.notes,
    }


def _way_to_json(measured: Measured) -> dict[str, Any]:
    figures = {
        name: {"median": statistics.median(values), "min": min(values), "max": max(values)}
        | {"values": values}
        for name, values in measured.values.items()
    }
    status = "not run" if measured.reason else "measured"
    return {"name": measured.name, "status": status, "reason": measured.reason, "figures": figures}


def write_report(path: Path, about: dict[str, Any], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Write and return the report: ``schema``, ``about`` and the ``goals``."""
    report = {"schema": SCHEMA_VERSION, "about": about, "goals": [to_json(o) for o in outcomes]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    return report
