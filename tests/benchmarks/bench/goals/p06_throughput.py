# SPDX-License-Identifier: GPL-3.0-or-later
"""P6: how many bytes a second come from a program's output to viewers, live and unharmed?"""

import asyncio
import hashlib
from functools import partial

import aiohttp

from bench.goals import Effort, Goal
from bench.harness.accounts import open_account
from bench.harness.measuring import Figures, Way, WrongResultError, measure, timed
from bench.harness.results import Guard, Result, Series, Verdict, divide
from bench.peers.programs import run_program
from bench.peers.runner import Runner
from bench.peers.shell import make_command
from bench.testbed import viewers
from bench.testbed.looking import find_host_account
from bench.testbed.testbed import Testbed

MIB = 2**20
ONE_MIB, QUICK_MIB = 256, 64
MANY, MANY_HOSTS, MANY_MIB = 100, 20, 4
VIEWERS, VIEWED_MIB = (1, 10, 50), 16
RUNNER_MIB = 8
SEED_MB_S = 10.0
OURS, SSH, RUNNER = "MyX, one log", "ssh HOST, to a pipe", "ansible-runner on the host"
OURS_MANY = f"MyX, {MANY} logs at once"
LINE = b"x" * 79 + b"\n"


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure one log beside its peers, then many logs, then many viewers."""
    size = QUICK_MIB if effort.quick else ONE_MIB
    ways = [
        Way(OURS, partial(_follow_one, testbed, size)),
        Way(SSH, partial(_read_ssh, testbed, size)),
    ]
    if not effort.quick:
        ways.append(Way(RUNNER, partial(_run_runner, testbed)))
        testbed.hosts(MANY_HOSTS)
        ways.append(Way(OURS_MANY, partial(_follow_many, testbed)))
    result = Result(measure(ways, 3 if effort.quick else effort.few, warm_ups=1))
    if not effort.quick:
        result.series.append(_grow_by_viewers(testbed))
    _judge(result)
    return result


def _make_body(mib: int, limit: str) -> dict[str, object]:
    words = ["sh", "-c", f"yes {LINE.decode().strip()} | head -c {mib * MIB}"]
    return {"kind": "command", "command": words, "limit": limit}


def _find_digest(mib: int) -> str:
    digest = hashlib.sha256()
    whole, rest = divmod(mib * MIB, len(LINE) * 1024)
    for _ in range(whole):
        digest.update(LINE * 1024)
    digest.update((LINE * 1024)[:rest])
    return digest.hexdigest()


def _follow_one(testbed: Testbed, mib: int) -> Figures:
    accounts = {"controller": testbed.controller, "host": find_host_account(testbed.host)}
    runs: list[int] = []

    async def follow() -> None:
        body = _make_body(mib, testbed.host.name)
        runs.append(testbed.triggers.ask("POST", "/runs", body)["id"])
        async with viewers.open_session(testbed.plane) as session:
            await _watch(session, runs[0])

    figures = timed(accounts, lambda: asyncio.run(follow()))
    _check(testbed, runs[0], mib)
    return _rate(figures, mib)


def _follow_many(testbed: Testbed) -> Figures:
    """Let all hosts write several logs each; their viewers read all of them."""
    limit = ",".join(host.name for host in testbed.hosts(MANY_HOSTS))
    each = MANY // MANY_HOSTS

    async def follow() -> list[int]:
        body = _make_body(MANY_MIB, limit)
        runs = [testbed.triggers.ask("POST", "/runs", body)["id"] for _ in range(each)]
        async with viewers.open_session(testbed.plane) as session:
            await asyncio.gather(*(_watch(session, run_id) for run_id in runs))
        return runs

    runs: list[int] = []
    figures = timed({"controller": testbed.controller}, lambda: runs.extend(asyncio.run(follow())))
    _check(testbed, runs[-1], MANY_MIB)
    return _rate(figures, MANY * MANY_MIB)


async def _watch(session: aiohttp.ClientSession, run_id: int) -> int:
    """Read a run's events to the end and return their bytes, without looking into them."""
    return sum([len(data) async for _, data in viewers.iterate_events(session, run_id)])


def _grow_by_viewers(testbed: Testbed) -> Series:
    """Return the host's processor time by the number of viewers of one log."""
    account = find_host_account(testbed.host)
    points = []

    async def follow(count: int) -> None:
        body = _make_body(VIEWED_MIB, testbed.host.name)
        run_id = testbed.triggers.ask("POST", "/runs", body)["id"]
        async with viewers.open_session(testbed.plane) as session:
            read = await asyncio.gather(*(_watch(session, run_id) for _ in range(count)))
        short = [number for number in read if number < VIEWED_MIB * MIB]
        if short:
            raise WrongResultError(f"{len(short)} of {count} viewers have not seen all")

    for count in VIEWERS:
        before = account.used_s
        asyncio.run(follow(count))
        points.append((float(count), account.used_s - before))
    return Series(f"host's processor time for {VIEWED_MIB} MiB", "viewers", "s", points)


def _read_ssh(testbed: Testbed, mib: int) -> Figures:
    account = open_account("p6-ssh")
    accounts = {"controller": account, "host": find_host_account(testbed.host)}
    command = f"yes {LINE.decode().strip()} | head -c {mib * MIB}"
    argv = make_command(testbed.lab.key_path, testbed.host, command)
    pipe = " ".join(f"'{word}'" for word in argv)

    def read() -> None:
        digest = run_program(account, ["sh", "-c", f"{pipe} | sha256sum"]).split()[0]
        if digest != _find_digest(mib):
            raise WrongResultError(f"another SHA-256: {digest}")

    return _rate(timed(accounts, read), mib)


def _run_runner(testbed: Testbed) -> Figures:
    runner = Runner(testbed.host, testbed.plane.content_dir / "playbooks")
    accounts = {"host": find_host_account(testbed.host)}
    # It loses what comes behind the last end of a line.
    size = RUNNER_MIB * MIB // len(LINE) * len(LINE)
    command = f"yes {LINE.decode().strip()} 2>/dev/null | head -c {size}"
    figures = timed(accounts, lambda: runner.execute(command, size_bytes=size))
    return _rate(figures, RUNNER_MIB)


def _check(testbed: Testbed, run_id: int, mib: int) -> None:
    """Compare the SHA-256 of what is stored with what was written."""
    path = f"/runs/{run_id}/executions?page_size=1"
    execution = testbed.triggers.ask("GET", path)["results"][0]["id"]
    stored = testbed.triggers.fetch("GET", f"/executions/{execution}/log/download")
    if hashlib.sha256(stored).hexdigest() != _find_digest(mib):
        raise WrongResultError(f"{len(stored)} bytes with another SHA-256")


def _rate(figures: Figures, mib: int) -> Figures:
    return figures | {"mb_per_s": mib * MIB / 1e6 / figures["wall_s"]}


def _judge(result: Result) -> None:
    one, many = result.find(OURS, "mb_per_s"), result.find(OURS_MANY, "mb_per_s")
    runner = divide(one, result.find(RUNNER, "mb_per_s"))
    result.verdicts += [
        Verdict("from one log", "least", 100.0, one, "MB/s"),
        Verdict(f"over {MANY} logs", "least", 60.0, many, "MB/s"),
        Verdict(f"times {RUNNER}", "least", 1.0, runner, "x"),
        Verdict("times the 10 MB/s that were asked for", "least", 1.0, divide(one, SEED_MB_S), "x"),
    ]
    for series in result.series:
        costs = dict(series.points)
        more = divide(costs[VIEWERS[-1]], costs[VIEWERS[0]])
        what = f"times the host's CPU with {VIEWERS[-1]} viewers as with one"
        result.verdicts.append(Verdict(what, "most", 1.2, more, "x"))
    cpu = divide(result.find_cpu(SSH), result.find_cpu(OURS))
    result.guards.append(Guard("p6_cpu_of_ssh_to_ours", cpu))


GOAL = Goal(
    "p6",
    "live log end to end, SHA-256 equal; 1, 10 and 50 viewers",
    "at least 100 MB/s from one, 60 MB/s over 100; the agent's cost does not depend on viewers",
    run,
    in_quick=True,
)
