# SPDX-License-Identifier: GPL-3.0-or-later
"""Which goals are measured, and where does the report go? ``make bench`` calls this."""

import argparse
import importlib
import os
import pkgutil
import platform
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bench.goals
from bench.goals import Effort, Goal
from bench.harness.accounts import accounting
from bench.harness.guarding import find_losses, format_guards
from bench.harness.measuring import describe, say
from bench.harness.results import Outcome, Result, write_report
from bench.harness.table import render, write_page
from bench.peers.programs import list_versions
from bench.testbed.testbed import Testbed
from driver.content import ROOT
from lab.prerequisites import find_obstacle

REPORT = ROOT / ".myx/bench/report.json"
PAGE = ROOT / "docs/explanation/performance.md"
COMMITTED = Path(__file__).parents[1] / "figures.json"
"""The guards' figures that new ones are held against."""

GOAL_LIMIT_S = 900
"""A goal that takes longer has not been run: the others shall have their turn."""


class OutOfTimeError(BaseException):
    """A goal took too long; no error of a peer, after which its goal would go on."""


def main() -> int:
    """Measure, print the table, write the report; 1 where a goal was not run or a ratio is lost."""
    args = _parse()
    obstacle = find_obstacle()
    if obstacle:
        say(f"bench: {obstacle}")
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    goals = _choose(args.only, quick=args.quick)
    effort = Effort(quick=args.quick, rounds=args.rounds)
    outcomes = _run(goals, effort)
    report = write_report(args.json, _describe_run(effort), outcomes)
    say(render(report))
    if args.write_page:
        write_page(PAGE, report)
    failed = any(outcome.reason for outcome in outcomes)
    if args.quick:
        failed |= _has_lost(report, effort, keep=args.keep)
    return int(failed)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="p1,p7,... instead of all")
    parser.add_argument("--quick", action="store_true", help="only the guarded ratios")
    parser.add_argument("--keep", action="store_true", help="--quick: commit these as the figures")
    parser.add_argument("--rounds", type=int, default=3, help="of what takes seconds")
    parser.add_argument("--json", type=Path, default=REPORT, help="where the report goes")
    parser.add_argument("--write-page", action="store_true", help=f"write {PAGE.name}'s tables")
    return parser.parse_args()


def _choose(only: str, *, quick: bool) -> list[Goal]:
    modules = sorted(found.name for found in pkgutil.iter_modules(bench.goals.__path__))
    goals: list[Goal] = [importlib.import_module(f"bench.goals.{name}").GOAL for name in modules]
    named = {word.strip().lower() for word in only.split(",") if word.strip()}
    unknown = named - {goal.goal_id for goal in goals}
    if unknown:
        sys.exit(f"bench: there is no goal {', '.join(sorted(unknown))}")
    return [
        goal
        for goal in goals
        if (goal.goal_id in named or not named) and (goal.in_quick or not quick)
    ]


def _run(goals: list[Goal], effort: Effort) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="myx-bench-") as folder, accounting():
        testbed = Testbed(Path(folder))
        try:
            return [_run_one(goal, testbed, effort) for goal in goals]
        finally:
            testbed.close()


def _run_one(goal: Goal, testbed: Testbed, effort: Effort) -> Outcome:
    say(f"{goal.goal_id.upper()}: {goal.work}")
    started, result, reason = time.monotonic(), Result(), ""
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(GOAL_LIMIT_S)
    try:
        result = goal.run(testbed, effort)
    except (Exception, OutOfTimeError) as error:  # noqa: BLE001 - the other goals go on
        reason = describe(error)
        say(f"  not run: {reason}")
    finally:
        signal.alarm(0)
    took_s = time.monotonic() - started
    return Outcome(goal.goal_id, goal.work, goal.wanted, took_s, result, reason)


def _give_up(*_: object) -> None:
    raise OutOfTimeError(f"it took longer than {GOAL_LIMIT_S} s")


def _has_lost(report: dict[str, Any], effort: Effort, *, keep: bool) -> bool:
    """Tell whether a guard has lost, also when its goal is measured once more."""
    if keep:
        COMMITTED.write_text(format_guards(report))
        return False
    losses = find_losses(report, COMMITTED)
    if losses:
        say("\n".join(["below the committed figures, once more:", *losses.values()]))
        again = [goal for goal in _choose("", quick=True) if goal.goal_id in losses]
        repeated = write_report(REPORT, _describe_run(effort), _run(again, effort))
        losses = find_losses(repeated, COMMITTED)
    say("\n".join(["lost, twice:", *losses.values()]) if losses else "no loss")
    return bool(losses)


def _describe_run(effort: Effort) -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, check=False
    )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.decode().strip() or "unknown",
        "quick": effort.quick,
        "rounds": effort.rounds,
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load_1m": os.getloadavg()[0],
        "peers": list_versions(),
    }


if __name__ == "__main__":
    sys.exit(main())
