# SPDX-License-Identifier: GPL-3.0-or-later
"""P10: what do 10, 100 and 300 playbooks cost that wait on one agent, and how fast are many?"""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench.goals import Effort, Goal
from bench.harness.measuring import Figures, Way, WrongResultError, measure, say, timed
from bench.harness.results import Result, Series, Verdict, divide
from bench.peers.runner import Runner
from bench.testbed.looking import find_host_account
from bench.testbed.testbed import Testbed
from bench.testbed.triggers import Triggers
from driver.agents import set_limits
from driver.load import Crowd
from lab.processes import list_on
from lab.weights import measure_usage

CROWDS = (10, 100, 300)
RUNNERS = 10
REST_S = 6.0
MAX_BEGIN_S = 100.0
"""A crowd that would need longer than this to stand at its gate is left out, and it is said."""
MEMORY_SHARE = 0.6
"""Of what is free now; a crowd that would need more is left out as well."""
RUNS, SIDE_BY_SIDE = 40, 8
OURS, RUNNER = "MyX", "ansible-runner on the host"


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure crowds that wait, and then many short runs."""
    set_limits(testbed.host, max_concurrent=2 * CROWDS[-1])
    result = Result(
        measure([Way(f"{RUNNER}, {RUNNERS}", partial(_wait_runners, testbed))], 1, warm_ups=0)
    )
    for count in CROWDS:
        if not _is_affordable(result, count):
            break
        ways = [Way(f"{OURS}, {count}", partial(_wait_together, testbed, count))]
        result.ways += measure(ways, 1, warm_ups=0)
    rates = [
        Way(f"{OURS}, {RUNS} one-task runs", partial(_run_many, testbed)),
        Way(f"{RUNNER}, {RUNS} one-task runs", partial(_run_many_runners, testbed)),
    ]
    result.ways += measure(rates, effort.few, warm_ups=0)
    _judge(result)
    return result


def _is_affordable(result: Result, count: int) -> bool:
    """Tell whether a crowd has enough memory and would stand in time, from the one before."""
    before = result.ways[-1]
    each_mb, begin_s = before.find("memory_mb_each"), before.find("begin_s")
    if before.reason or each_mb is None or begin_s is None:
        return count == CROWDS[0]
    crowd = CROWDS[max(0, CROWDS.index(count) - 1)]
    needs_s, needs_mb = begin_s * count / crowd, each_mb * count
    if needs_s <= MAX_BEGIN_S and needs_mb <= MEMORY_SHARE * _find_free_mb():
        return True
    sentence = f"{count} at once: left out, would take {needs_s:.0f} s and {needs_mb:.0f} MiB."
    say(f"    {sentence}")
    result.notes.append(sentence)
    return False


def _find_free_mb() -> float:
    with open("/proc/meminfo") as file:  # noqa: PTH123 - the kernel's, not a file
        sizes = dict(line.split(":") for line in file)
    return int(sizes["MemAvailable"].split()[0]) / 1024


def _wait_together(testbed: Testbed, count: int) -> Figures:
    crowd = Crowd(testbed.plane, testbed.host)
    rest_mb = _find_memory_mb(testbed)
    begin_s = crowd.gather(playbooks=count, commands=0)
    figures = _weigh(testbed, rest_mb, count)
    end_s = crowd.release()
    problems = crowd.find_problems()
    if problems:
        raise WrongResultError(f"{len(problems)} of {count} are wrong: {problems[0]}")
    return figures | {"begin_s": begin_s, "end_s": end_s}


def _find_memory_mb(testbed: Testbed) -> float:
    return measure_usage(list_on(testbed.host)).pss_mb


def _weigh(testbed: Testbed, rest_mb: float, count: int) -> Figures:
    """Return what each of them adds to the whole host while all wait."""
    account = find_host_account(testbed.host)
    memory_mb = _find_memory_mb(testbed) - rest_mb
    time.sleep(1)  # what measuring itself has cost is over
    before, started = account.used_s, time.monotonic()
    time.sleep(REST_S)
    percent = 100 * (account.used_s - before) / (time.monotonic() - started)
    return {"memory_mb_each": memory_mb / count, "cpu_percent_each": percent / count}


def _wait_runners(testbed: Testbed) -> Figures:
    crowd = Crowd(testbed.plane, testbed.host)
    testbed.host.execute("mkfifo", crowd.gate)
    runners = [_make_runner(testbed, number) for number in range(RUNNERS)]
    rest_mb = _find_memory_mb(testbed)
    with ThreadPoolExecutor(RUNNERS) as pool:
        words = [f'{{"number": "{number}", "gate": "{crowd.gate}"}}' for number in range(RUNNERS)]
        started = time.monotonic()
        ends = [
            pool.submit(runner.play, "load.yml", variables, ok=3)
            for runner, variables in zip(runners, words, strict=True)
        ]
        while len(crowd.list_waiting()) < RUNNERS:
            if any(end.done() for end in ends):
                break
            time.sleep(0.2)
        begin_s = time.monotonic() - started
        figures = _weigh(testbed, rest_mb, RUNNERS)
        crowd.release()
        for end in ends:
            end.result()
    return figures | {"begin_s": begin_s}


def _make_runner(testbed: Testbed, number: int) -> Runner:
    return Runner(testbed.host, testbed.plane.content_dir / "playbooks", f"{number}")


def _run_many(testbed: Testbed) -> Figures:
    body = {"kind": "playbook", "playbook": "playbooks/bench_1.yml", "limit": testbed.host.name}
    body |= {"extra_vars": {"mark": "p10"}}

    def run_some(_: int) -> None:
        triggers = Triggers(testbed.plane)
        for _ in range(RUNS // SIDE_BY_SIDE):
            triggers.follow(body).expect("ok=1 ")

    return _rate(testbed, lambda pool: list(pool.map(run_some, range(SIDE_BY_SIDE))))


def _run_many_runners(testbed: Testbed) -> Figures:
    runners = [_make_runner(testbed, number) for number in range(SIDE_BY_SIDE)]

    def run_some(runner: Runner) -> None:
        for _ in range(RUNS // SIDE_BY_SIDE):
            runner.play("bench_1.yml", '{"mark": "p10"}', ok=1)

    return _rate(testbed, lambda pool: list(pool.map(run_some, runners)))


def _rate(testbed: Testbed, work: object) -> Figures:
    accounts = {"host": find_host_account(testbed.host)}
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:

        def once() -> None:
            work(pool)

        figures = timed(accounts, once)
    return figures | {"runs_per_s": RUNS / figures["wall_s"]}


def _judge(result: Result) -> None:
    crowds = [(count, result.find(f"{OURS}, {count}", "memory_mb_each")) for count in CROWDS]
    measured = [(count, memory) for count, memory in crowds if memory is not None]
    largest = measured[-1][0] if measured else CROWDS[0]
    name = f"{OURS}, {largest}"
    rate = result.find(f"{OURS}, {RUNS} one-task runs", "runs_per_s")
    theirs = result.find(f"{RUNNER}, {RUNS} one-task runs", "runs_per_s")
    memory, cpu = result.find(name, "memory_mb_each"), result.find(name, "cpu_percent_each")
    less = divide(result.find(f"{RUNNER}, {RUNNERS}", "memory_mb_each"), memory)
    result.series.append(Series("memory (PSS) of each", "executions", "MiB", measured))
    result.verdicts += [
        Verdict(f"memory of each, {largest} at once", "most", 20.0, memory, "MiB"),
        Verdict(f"of a core each while waiting, {largest} at once", "most", 0.5, cpu, "%"),
        Verdict("one-task runs a second", "least", 20.0, rate, "/s"),
        Verdict(
            "times the one-task runs of ansible-runner", "least", 1.0, divide(rate, theirs), "x"
        ),
        Verdict("times less memory than ansible-runner", "least", 1.0, less, "x"),
    ]


GOAL = Goal(
    "p10",
    "10, 100 and 300 executions at once on one agent",
    "at most 20 MB each, 0.5 % of a core each while waiting, 20 one-task runs a second",
    run,
)
