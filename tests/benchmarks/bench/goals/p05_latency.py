# SPDX-License-Identifier: GPL-3.0-or-later
"""P5: how long is it from a byte that a program writes on its host to that byte at an API's reader?

100 programs write the time once a second each; host and reader have the same clock. In the second
half polls once a second read the same logs, as the way to compare with.
"""

import asyncio
import statistics
import time
from functools import partial

from bench.goals import Effort, Goal
from bench.harness.measuring import Measured, WrongResultError, say
from bench.harness.results import Result, Verdict, divide
from bench.testbed import viewers
from bench.testbed.testbed import Testbed

HOSTS, RUNS = 20, 5
WRITERS = HOSTS * RUNS
SECONDS = 16
"""Of writing, for each way one half."""
READY_S = 60.0
OURS, POLLS = "MyX, server-sent events", "polls each second"

WRITER = """
import random, sys, time
start, seconds = float(sys.argv[1]), int(sys.argv[2])
time.sleep(max(0.0, start - time.time()) + random.random())
for number in range(seconds):
    sys.stdout.write(f"{time.time()}\\n")
    sys.stdout.flush()
    time.sleep(1)
"""


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure both ways on the same logs."""
    testbed.hosts(HOSTS)
    rounds = effort.few
    ours, polls = Measured(OURS), Measured(POLLS)
    for _ in range(rounds):
        for measured, latencies in zip((ours, polls), asyncio.run(_follow(testbed)), strict=True):
            measured.add(_summarise(latencies))
            say(f"    {measured.name}: {measured.values}")
    result = Result([ours, polls])
    p50, p99 = result.find(OURS, "p50_ms"), result.find(OURS, "p99_ms")
    less = divide(result.find(POLLS, "p50_ms"), p50)
    result.verdicts += [
        Verdict("p50", "most", 10.0, p50, "ms"),
        Verdict("p99", "most", 50.0, p99, "ms"),
        Verdict("times less than polls each second (p50)", "least", 1.0, less, "x"),
    ]
    return result


def _summarise(latencies: list[float]) -> dict[str, float]:
    wanted = WRITERS * (SECONDS // 2 - 2)
    if len(latencies) < wanted:
        raise WrongResultError(f"{len(latencies)} lines came of at least {wanted}")
    cuts = statistics.quantiles(latencies, n=100)
    return {"p50_ms": cuts[49] * 1000, "p99_ms": cuts[98] * 1000, "worst_ms": max(latencies) * 1000}


async def _follow(testbed: Testbed) -> tuple[list[float], list[float]]:
    """Return the latencies in seconds, streamed in the first half and polled in the second."""
    start = time.time() + 8 + WRITERS / 20  # all of them stand ready by then
    half = start + SECONDS / 2
    runs = [_start_writers(testbed, start) for _ in range(RUNS)]
    streamed: list[float] = []
    polled: list[float] = []
    async with viewers.open_session(testbed.plane) as session, asyncio.TaskGroup() as tasks:
        note = partial(_note, streamed, start + 1, half)
        for run_id in runs:
            tasks.create_task(viewers.stream(session, run_id, note))
        await asyncio.sleep(half - time.time())
        note = partial(_note, polled, half + 1, start + SECONDS)
        for execution_id in _list_executions(testbed, runs):
            tasks.create_task(viewers.poll(session, execution_id, note))
    return streamed, polled


def _note(into: list[float], since: float, until: float, text: str, came_at: float) -> None:
    written = map(float, text.splitlines())
    into.extend(came_at - at for at in written if since <= at < until)


def _start_writers(testbed: Testbed, start: float) -> int:
    limit = ",".join(host.name for host in testbed.hosts(HOSTS))
    command = ["python3", "-c", WRITER, str(start), str(SECONDS)]
    body = {"kind": "command", "command": command, "limit": limit}
    run_id: int = testbed.triggers.ask("POST", "/runs", body)["id"]
    return run_id


def _list_executions(testbed: Testbed, runs: list[int]) -> list[str]:
    pages = (testbed.triggers.ask("GET", f"/runs/{run}/executions?page_size=500") for run in runs)
    return [execution["id"] for page in pages for execution in page["results"]]


GOAL = Goal(
    "p5",
    "byte written on the host to byte at an API reader, 100 writers",
    "p50 at most 10 ms, p99 at most 50 ms",
    run,
)
