# SPDX-License-Identifier: GPL-3.0-or-later
"""Are benchmarks told right: in turn, without what is wrong, and with losses that are seen?"""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.harness.guarding import LOSS, find_losses, format_guards
from bench.harness.measuring import Figures, Way, WrongResultError, measure
from bench.harness.results import Guard, Outcome, Result, Series, Verdict, write_report
from bench.harness.table import BEGIN, END, write_page

ABOUT = {
    "at": "2026-01-01T00:00:00+00:00",
    "commit": "abc",
    "rounds": 3,
    "cores": 2,
    "memory_mb": 2048,
    "system": "Linux",
    "load_1m": 0.5,
    "peers": {"salt": "1"},
}


def _report(folder: Path, result: Result, reason: str = "") -> dict[str, Any]:
    outcome = Outcome("p1", "work", "wanted", 1.0, result, reason)
    return write_report(folder / "report.json", ABOUT, [outcome])


def test_ways_are_measured_in_turn_and_warm_ups_do_not_count() -> None:
    """Each round runs every way once; what warms up is in no figure."""
    order: list[str] = []

    def make(name: str) -> Way:
        def run() -> Figures:
            order.append(name)
            return {"wall_s": float(len(order))}

        return Way(name, run)

    measured = measure([make("a"), make("b")], 2, warm_ups=1)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert measured[0].values == {"wall_s": [3.0, 5.0]}
    assert measured[0].find("wall_s") == 4.0


def test_a_wrong_result_counts_as_not_run_and_the_others_go_on() -> None:
    """A way that breaks once has no figures, only its reason; the others have theirs."""
    rounds = iter([{"wall_s": 1.0}, None])

    def break_late() -> Figures:
        figures = next(rounds)
        if figures is None:
            raise WrongResultError("the mark is missing")
        return figures

    broken, right = measure(
        [Way("x", break_late), Way("y", lambda: {"wall_s": 2.0})], 3, warm_ups=0
    )
    assert broken.find("wall_s") is None
    assert broken.find_least("wall_s") is None
    assert "the mark is missing" in broken.reason
    assert right.values == {"wall_s": [2.0, 2.0, 2.0]}


def test_the_least_processor_time_is_of_one_round() -> None:
    """Controller and host are added up round by round, not least by least."""
    figures = iter([{"controller_cpu_s": 1.0, "host_cpu_s": 5.0}] * 1)
    more = [{"controller_cpu_s": 2.0, "host_cpu_s": 1.0}]
    listed = [*figures, *more]
    measured = measure([Way("x", lambda: listed.pop(0))], 2, warm_ups=0)
    assert Result(measured).find_cpu("x") == 3.0


def test_growth_is_a_straight_line() -> None:
    """The slope is what one more costs; one point has none."""
    series = Series("cpu", "hosts", "s", [(1, 3.0), (2, 5.0), (3, 7.0)])
    assert series.slope == pytest.approx(2.0)
    assert series.intercept == pytest.approx(1.0)
    assert Series("cpu", "hosts", "s", [(1, 3.0)]).slope is None


@pytest.mark.parametrize(
    ("sense", "reached", "met"),
    [("least", 9.0, False), ("least", 10.0, True), ("most", 11.0, False), ("most", None, None)],
)
def test_a_verdict_knows_its_direction(sense: Any, reached: float | None, met: bool | None) -> None:  # noqa: FBT001 - an expectation
    """More is better, or less; what was not measured is neither."""
    assert Verdict("x", sense, 10.0, reached).met is met


@pytest.mark.parametrize(
    ("value", "is_lost"), [(10.0, False), (7.1, False), (6.9, True), (None, True), (30.0, False)]
)
def test_a_loss_is_more_than_thirty_percent(
    tmp_path: Path,
    value: float | None,
    is_lost: bool,  # noqa: FBT001 - an expectation
) -> None:
    """A ratio may fall by 30 %; one that is missing is lost."""
    committed = tmp_path / "figures.json"
    committed.write_text(format_guards(_report(tmp_path, Result(guards=[Guard("ratio", 10.0)]))))
    assert json.loads(committed.read_text()) == {"loss": LOSS, "ratios": {"ratio": 10.0}}
    losses = find_losses(_report(tmp_path, Result(guards=[Guard("ratio", value)])), committed)
    assert bool(losses) is is_lost


def test_a_goal_that_was_not_run_is_a_loss(tmp_path: Path) -> None:
    """What breaks cannot pass for quick."""
    committed = tmp_path / "figures.json"
    committed.write_text('{"loss": 0.3, "ratios": {}}')
    assert "no podman" in find_losses(_report(tmp_path, Result(), "no podman"), committed)["p1"]


def test_the_page_keeps_what_is_around_the_tables(tmp_path: Path) -> None:
    """Only what stands between the marks is written."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nbehind\n")
    result = Result(verdicts=[Verdict("times faster", "least", 15.0, 20.0, "x")])
    write_page(page, _report(tmp_path, result))
    written = page.read_text()
    assert written.startswith("before\n")
    assert written.endswith("behind\n")
    assert "old" not in written
    assert "| times faster: at least 15 x | 20 x | yes |" in written
