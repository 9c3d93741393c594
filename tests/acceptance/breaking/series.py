# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a fault repeated at random moments, on several hosts at once, and what came of it?

A sample is one host that suffers the fault once while a script and a playbook run there.
"""

import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from breaking import spools, workloads
from breaking.faults import SPAN_S, Fault, Target
from breaking.verdicts import find_problems
from driver.control_plane import ControlPlane
from driver.expectations import END_STATES
from lab.clocks import set_clock
from lab.hosts import Host

ROUNDS = int(os.environ.get("MYX_FAULT_ROUNDS", "2"))
"""How often each fault strikes."""

_IS_SERIES = "MYX_FAULT_ROUNDS" in os.environ

SEED = int(os.environ.get("MYX_FAULT_SEED") or (secrets.randbelow(2**32) if _IS_SERIES else 1))
"""What all random moments come from; what everybody runs has the same each time."""

END_BOUND_S = 180.0
"""No run of a sample takes longer, blow included; only a hung one does."""

SETTLE_BOUND_S = 60.0
"""When the blow is over, and the program too, the end is known within this time."""


@dataclass
class Series:
    """What came of one fault."""

    name: str
    samples: int = 0
    settle_s: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        ordered = sorted(self.settle_s) or [0.0]
        middle, worst = ordered[len(ordered) // 2], ordered[-1]
        ends = ", ".join(f"{count} {end}" for end, count in self.ends.most_common())
        return (
            f"{self.name:<38} {self.samples:>4} samples {len(self.problems):>4} wrong"
            f"   settled in {middle:6.2f} s, worst {worst:6.2f} s   {ends}"
        )


def explain(series: Series) -> str:
    """Return what failed, and how it is repeated."""
    return "\n".join([f"MYX_FAULT_SEED={SEED}", str(series), *series.problems])


def choose_random(name: str, index: int) -> random.Random:
    """Return where the random moments of one sample come from."""
    return random.Random(f"{SEED}:{name}:{index}")  # noqa: S311 - no secret


def run_series(plane: ControlPlane, hosts: Sequence[Host], fault: Fault) -> Series:
    """Strike ``ROUNDS`` times, the hosts side by side, and return what came of it."""
    series = Series(fault.name)

    def run_lane(lane: int) -> None:
        for index in range(lane, ROUNDS, len(hosts)):
            set_clock(hosts[lane], 0)
            target = start_work(plane, hosts[lane], choose_random(fault.name, index))
            fault.strike(target)
            settle(series, fault, target, time.time())

    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(run_lane, range(len(hosts))))
    return series


def start_work(plane: ControlPlane, host: Host, chosen: random.Random) -> Target:
    """Start script and playbook on a host; when they have begun is left to chance."""
    runs = {
        "script": workloads.start_script(plane, host.name, SPAN_S),
        "playbook": workloads.start_playbook(plane, host.name, SPAN_S),
    }
    ids = {kind: plane.list_executions(run)[host.name]["id"] for kind, run in runs.items()}
    return Target(plane, host, ids, chosen)


def settle(series: Series, fault: Fault, target: Target, over_at: float) -> None:
    """Wait for the ends of a sample and judge them."""
    series.samples += 1
    series.problems += target.problems
    for kind, execution in _wait_for_ends(series, target, over_at):
        series.ends[f"{execution['status']}/{execution['reason_code']}"] += 1
        series.problems += find_problems(target, fault, kind, execution)


def _wait_for_ends(
    series: Series, target: Target, over_at: float
) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield kinds and executions as they end; what does not is a problem."""
    left = dict(target.executions)
    deadline = time.time() + END_BOUND_S
    while left and time.time() < deadline:
        for kind, execution_id in tuple(left.items()):
            execution = target.plane.ask(f"/executions/{execution_id}")
            if execution["status"] not in END_STATES:
                continue
            del left[kind]
            ended_at = spools.find_ended_at(target.host, execution_id) or 0.0
            took_s = time.time() - max(over_at, ended_at)
            series.settle_s.append(max(0.0, took_s))
            if took_s > SETTLE_BOUND_S:
                series.problems.append(f"{kind} {execution_id} was known after {took_s:.0f} s")
            yield kind, execution
        time.sleep(0.2)
    series.problems += [f"{kind} {id_} is stuck in running" for kind, id_ in left.items()]
