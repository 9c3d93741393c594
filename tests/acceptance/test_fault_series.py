# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault again and again, at random moments: one log, one end, one start, no process left.

``MYX_FAULT_ROUNDS`` says how often, ``MYX_FAULT_SEED`` repeats a series (see docs/howto/faults.md).
"""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from breaking.faults import FAULTS, SPAN_S, Fault
from breaking.series import ROUNDS, Series, choose_random, explain, run_series, settle, start_work
from driver.control_plane import ControlPlane
from lab.clocks import set_clock
from lab.hosts import Host


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_nothing_is_lost(
    victims: list[Host], control_plane: ControlPlane, tables: list[Series], fault: Fault
) -> None:
    """What ran when a host was hit ends once, rightly, with all of its log and no process left."""
    series = run_series(control_plane, victims, fault)
    tables.append(series)
    assert not series.problems, explain(series)


def test_nothing_is_lost_with_the_control_plane(
    victims: list[Host], control_plane: ControlPlane, tables: list[Series]
) -> None:
    """Kill -9 of myx serve, twice in a run: it ends as if nothing had been."""
    fault = Fault("kill -9 of myx serve, twice", lambda _: None)
    series = Series(fault.name)
    for host in victims:
        set_clock(host, 0)
    for index in range(0, ROUNDS, 2):
        chosen = choose_random(fault.name, index)
        targets = [start_work(control_plane, host, chosen) for host in victims]
        for _ in range(2):
            time.sleep(chosen.uniform(0, SPAN_S / 2))
            control_plane.kill()
            time.sleep(chosen.uniform(0, 3))
            control_plane.start()
        settle_all = partial(settle, series, fault, over_at=time.time())
        with ThreadPoolExecutor(len(targets)) as pool:
            list(pool.map(settle_all, targets))
    tables.append(series)
    assert not series.problems, explain(series)
