# SPDX-License-Identifier: GPL-3.0-or-later
"""What do 100 playbooks and 200 commands cost that run on one agent at once?

Measured while all of them wait: the agent, the supervisors, and apart from them the programs.
A wrong result counts as not run.
"""

import os
import sys

from driver.agents import set_limits
from driver.load import Crowd, measure
from driver.measuring import Bench
from lab.processes import find_agent, find_nursery, list_in, list_supervisors

PLAYBOOKS = int(os.environ.get("MYX_LOAD_PLAYBOOKS", "100"))
COMMANDS = int(os.environ.get("MYX_LOAD_COMMANDS", "200"))

REST_S = 10.0
"""Over how long the processor time of those who wait is measured."""


def test_many_at_once(bench: Bench) -> None:
    """Print memory and processor time of agent, supervisors and programs."""
    set_limits(bench.host, max_concurrent=PLAYBOOKS + COMMANDS)
    crowd = Crowd(bench.control_plane, bench.host)
    began_s = crowd.gather(playbooks=PLAYBOOKS, commands=COMMANDS)
    found = (find_agent(bench.host), find_nursery(bench.host))
    residents = [pid for pid in found if pid is not None]
    supervisors = list_supervisors(bench.host)
    assert len(supervisors) == PLAYBOOKS + COMMANDS
    programs = sorted(set(list_in(bench.host, "MYX_EXECUTION_FOLDER")) - set(supervisors))
    groups = {"agent, nursery": residents, "supervisors": supervisors, "programs": programs}
    used = measure(groups, REST_S)
    ended_s = crowd.release()
    _say(f"\n{PLAYBOOKS} playbooks and {COMMANDS} commands at once on one agent")
    _say(f"  all under way after {began_s:.1f} s, ended {ended_s:.1f} s after the gate was opened")
    for name, usage in used.items():
        _say(f"  {name:<12} {usage}")
    assert crowd.find_problems() == []


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
