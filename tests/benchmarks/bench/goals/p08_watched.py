# SPDX-License-Identifier: GPL-3.0-or-later
"""P8: what does it cost to watch 10,000 hosts on which nothing happens?

Polling once a second is measured on a tenth of them, and shown ten times. Salt's master has no part
here: Salt ships nothing that stands for ten thousand minions.
"""

import sys
import time
from functools import partial
from pathlib import Path

from bench.goals import Effort, Goal
from bench.harness.accounts import open_account
from bench.harness.measuring import Figures, Way, WrongResultError, measure
from bench.harness.results import Result, Verdict, divide
from bench.peers import polling
from bench.peers.programs import run_program
from bench.testbed.emulated import Emulated, emulate
from bench.testbed.testbed import Testbed
from lab.waiting import wait_for
from lab.weights import measure_usage

HOSTS = 10_000
WINDOW_S = 30.0
ONLINE_S = 300.0
POLLED = HOSTS // 10
OURS, POLLING = "MyX, heartbeats every 20 to 60 s", "polling each second"


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure in turn while all hosts are watched and nothing runs."""
    with emulate(testbed.folder / "p8", HOSTS) as emulated:
        wait_for("all to be online", partial(_are_online, emulated), ONLINE_S)
        ways = [
            Way(OURS, partial(_watch, emulated)),
            Way(POLLING, partial(_poll, emulated)),
        ]
        result = Result(measure(ways, effort.few, warm_ups=0))
    cpu = result.find(OURS, "cpu_percent")
    less = divide(result.find(POLLING, "cpu_percent"), cpu)
    result.verdicts += [
        Verdict("of a core", "most", 25.0, cpu, "%"),
        Verdict("memory (RSS)", "most", 1024.0, result.find(OURS, "rss_mb"), "MiB"),
        Verdict(f"times less than {POLLING}", "least", 1.0, less, "x"),
    ]
    return result


def _are_online(emulated: Emulated) -> bool:
    listed = emulated.triggers.ask("GET", "/hosts?page_size=1&state=online")
    return bool(listed["count"] == HOSTS)


def _watch(emulated: Emulated) -> Figures:
    before = emulated.controller.used_s
    time.sleep(WINDOW_S)
    used_s = emulated.controller.used_s - before
    if not _are_online(emulated):
        raise WrongResultError("not all hosts are online")
    usage = measure_usage(emulated.controller.list_pids())
    return {"cpu_percent": 100 * used_s / WINDOW_S, "rss_mb": usage.rss_mb}


def _poll(emulated: Emulated) -> Figures:
    port = emulated.triggers.ask("GET", "/hosts?page_size=1")["results"][0]["agent"]["rpc_port"]
    account = open_account("polling")
    before = account.used_s
    program = [sys.executable, Path(polling.__file__), str(port), str(POLLED), str(WINDOW_S)]
    asked = int(run_program(account, program))
    if asked < POLLED * WINDOW_S * 0.5:
        raise WrongResultError(f"only {asked} answers in {WINDOW_S:g} s")
    used_s = account.used_s - before
    return {"cpu_percent": HOSTS / POLLED * 100 * used_s / WINDOW_S}


GOAL = Goal(
    "p8",
    "10,000 emulated agents, idle but watched",
    "at most 25 % of a core, 1 GiB; a change is known in 20 ms where the transport allows",
    run,
)
