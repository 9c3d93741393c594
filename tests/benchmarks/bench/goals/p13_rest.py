# SPDX-License-Identifier: GPL-3.0-or-later
"""P13: what does an agent use while nothing happens, with all its processes?"""

import contextlib
import time

from bench.goals import Effort, Goal
from bench.harness.measuring import Figures, Way, measure
from bench.harness.results import Result, Verdict
from bench.peers.salt import LazySalt
from bench.testbed.testbed import Testbed
from lab.hosts import Host
from lab.processes import list_in_unit
from lab.weights import measure_usage

OURS, SALT = "MyX agent", "salt-minion"
REST_S = 10.0
SETTLE_S = 2.0


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure both on the same host, one after the other in each round."""
    host = testbed.host
    body = {"kind": "playbook", "playbook": "playbooks/bench_1.yml", "limit": host.name}
    testbed.triggers.follow(
        body | {"extra_vars": {"mark": "p13"}}
    ).expect()  # what is warm, is there
    with contextlib.ExitStack() as stack:
        salt = LazySalt(testbed, stack, "salt-at-rest")

        def rest_minion() -> Figures:
            salt.get()
            return _rest(host, "bench-salt")

        ways = [Way(OURS, lambda: _rest(host, "myx-agent")), Way(SALT, rest_minion)]
        result = Result(measure(ways, 1 if effort.quick else 3, warm_ups=0))
    memory, cpu = result.find(OURS, "pss_mb"), result.find(OURS, "cpu_percent")
    result.verdicts += [
        Verdict("memory of all its processes (PSS)", "most", 70.0, memory, "MiB"),
        Verdict("of a processor", "most", 0.1, cpu, "%"),
    ]
    return result


def _rest(host: Host, unit: str) -> Figures:
    time.sleep(SETTLE_S)  # what the last request left is over
    pids = list_in_unit(host, unit)
    before = measure_usage(pids)
    time.sleep(REST_S)
    usage = measure_usage(pids).since(before, REST_S)
    return {
        "pss_mb": usage.pss_mb,
        "rss_mb": usage.rss_mb,
        "cpu_percent": usage.cpu_percent,
        "processes": usage.count,
    }


GOAL = Goal("p13", "agent at rest, warm process included", "at most 70 MB, 0 % of a processor", run)
