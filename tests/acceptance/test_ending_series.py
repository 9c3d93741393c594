# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancel and time limit again and again, at random moments: nothing is left, and it is quick.

``MYX_FAULT_ROUNDS`` says how often; the time that is shown is what the end took after the grace.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from breaking.endings import TREES, End, Tree, cancel_one, time_out_one
from breaking.series import ROUNDS, Series, choose_random, explain
from driver.control_plane import ControlPlane
from lab.clocks import set_clock
from lab.hosts import Host


@pytest.mark.parametrize(("name", "end"), [("cancel", cancel_one), ("time limit", time_out_one)])
def test_trees_are_ended(
    victims: list[Host],
    control_plane: ControlPlane,
    tables: list[Series],
    name: str,
    end: End,
) -> None:
    """Whatever a program does to get away, it is ended, counted, and the end is told."""
    series = {tree.name: Series(f"{name}: {tree.name}") for tree in TREES}
    for host in victims:
        set_clock(host, 0)

    def run_lane(tree: Tree, lane: int) -> None:
        for index in range(lane, ROUNDS, len(victims)):
            kept = series[tree.name]
            chosen = choose_random(kept.name, index)
            end(control_plane, victims[lane], tree, chosen, kept)

    lanes = [*product(TREES, range(len(victims)))]
    with ThreadPoolExecutor(len(lanes)) as pool:
        list(pool.map(lambda lane: run_lane(*lane), lanes))
    tables.extend(series.values())
    failed = [explain(one) for one in series.values() if one.problems]
    assert not failed, "\n".join(failed)
