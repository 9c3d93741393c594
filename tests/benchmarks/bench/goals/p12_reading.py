# SPDX-License-Identifier: GPL-3.0-or-later
"""P12: how long do lists take with a million rows, and a piece of a log of 1 GB at any offset?

Over HTTP, from a control plane whose database was filled by the database itself. AWX cannot be
installed beside it from a package index; what its vendor publishes is the figure to compare with.
"""

import asyncio
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from large_fleet import Size, fill
from sqlalchemy import Connection, create_engine, text

from api.core.settings import load_settings
from api.db.migrate import upgrade
from api.logs.files import FileLogStore
from bench.goals import Effort, Goal
from bench.harness.accounts import Account, open_account
from bench.harness.measuring import Figures, Measured, say
from bench.harness.results import Guard, Result, Series, Verdict, divide
from bench.testbed.testbed import SETTINGS, Testbed
from bench.testbed.triggers import Triggers
from driver.control_plane import ControlPlane

SIZES = (
    Size(hosts=1_000, runs=1_000, events=10_000),
    Size(hosts=1_000, runs=10_000, events=100_000),
    Size(hosts=1_000, runs=100_000, events=1_000_000),
)
LOG_BYTES, QUICK_LOG_BYTES = 10**9, 10**8
PIECE_BYTES = 64 * 1024
EXECUTION = "10000001-0000-7000-8000-000000000000"
REQUESTS = 60
LIMIT_MS = 50.0
LISTS = (
    "/hosts?page={page}",
    "/hosts?order_by=-updated_at",
    "/runs?page={page}",
    "/runs?status=failed&page={page}",
    "/runs?host=host{host}",
    "/runs/{big_run}/executions?page=10&page_size=100",
    f"/executions/{EXECUTION}/events",
)


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure lists in small and large databases, and a log at offsets."""
    result = Result()
    points: list[tuple[float, float]] = []
    for size in SIZES[1:2] if effort.quick else SIZES:
        folder = testbed.folder / f"p12-{size.events}"
        with _serve(folder, size, QUICK_LOG_BYTES if effort.quick else LOG_BYTES) as (ask, account):
            lists = Measured(f"MyX, lists with {size.events:,} events, {size.runs:,} runs")
            worst = max(_measure(ask, account, lists, path, size) for path in LISTS)
            result.ways.append(lists)
            points.append((size.events, worst))
            if size == SIZES[-1] or effort.quick:
                result.ways += list(_measure_log(ask, account, effort))
                result.guards += _guard(ask, account, size)
    result.series.append(Series("p99 of the slowest list", "events", "ms", points))
    _judge(result, points)
    return result


Ask = Callable[[str], bytes]


@contextmanager
def _serve(folder: Path, size: Size, log_bytes: int) -> Iterator[tuple[Ask, Account]]:
    (folder / "data").mkdir(parents=True)
    (folder / "content").mkdir()
    settings = load_settings(data_dir=folder / "data", content_dir=folder / "content")
    started = time.monotonic()
    engine = create_engine(settings.sqlalchemy_url.replace("+aiosqlite", ""))
    with engine.begin() as connection:
        upgrade(connection)
        fill(connection, size)
        _say_how_long_the_log_is(connection, log_bytes)
    engine.dispose()
    asyncio.run(_write_log(FileLogStore(settings.logs_dir), log_bytes))
    say(f"  {size} made in {time.monotonic() - started:.0f} s")
    # Heartbeats would go to addresses that are made up.
    plane = ControlPlane(folder, folder / "content", **SETTINGS, MYX_HEARTBEATS="false")
    plane.start()
    account = open_account(folder.name)
    account.adopt(plane.pid)
    triggers = Triggers(plane)
    try:
        yield lambda path: triggers.fetch("GET", path), account
    finally:
        plane.stop()


def _say_how_long_the_log_is(connection: Connection, log_bytes: int) -> None:
    statement = text("UPDATE executions SET log_bytes = :bytes WHERE id = :id")
    connection.execute(statement, {"bytes": log_bytes, "id": EXECUTION})


async def _write_log(store: FileLogStore, log_bytes: int) -> None:
    piece = (b"x" * 79 + b"\n") * 12_500
    offset = 0
    while offset < log_bytes:
        kind = "stderr" if offset // len(piece) % 10 == 0 else "stdout"
        offset = await store.append(EXECUTION, offset, kind, piece[: log_bytes - offset])
    await store.close()


def _measure(ask: Ask, account: Account, into: Measured, path: str, size: Size) -> float:
    """Take a list's figures into a way, and return its p99 in milliseconds."""
    figures = _time(ask, account, lambda: _fill_in(path, size))
    name = path.partition("?")[0].replace(EXECUTION, "ID").replace("{big_run}", "ID")
    into.add({f"{name}_p50_ms": figures["p50_ms"], f"{name}_p99_ms": figures["p99_ms"]})
    return figures["p99_ms"]


def _fill_in(path: str, size: Size) -> str:
    return path.format(
        page=random.randrange(1, 20),  # noqa: S311 - no secret
        host=random.randrange(1, size.hosts),  # noqa: S311 - as above
        big_run=random.randrange(size.runs - 99, size.runs),  # noqa: S311 - as above
    )


def _time(ask: Ask, account: Account, make_path: Callable[[], str]) -> Figures:
    took = []
    for _ in range(5):
        ask(make_path())
    before = account.used_s
    for _ in range(REQUESTS):
        started = time.perf_counter()
        ask(make_path())
        took.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(took, n=100)
    used_ms = (account.used_s - before) * 1000 / REQUESTS
    return {"p50_ms": cuts[49], "p99_ms": cuts[98], "cpu_ms": used_ms}


def _measure_log(ask: Ask, account: Account, effort: Effort) -> Iterator[Measured]:
    """Read pieces at the beginning, in the middle, at the end, and anywhere."""
    size = QUICK_LOG_BYTES if effort.quick else LOG_BYTES
    last = size - PIECE_BYTES
    places = {"the beginning": (0, 1), "the end": (last, last + 1), "anywhere": (0, last)}
    for name, (low, high) in places.items():
        measured = Measured(f"MyX, 64 KiB of {size:,} bytes at {name}")
        measured.add(
            _time(
                ask,
                account,
                lambda low=low, high=high: (
                    f"/executions/{EXECUTION}/log?limit={PIECE_BYTES}"
                    f"&offset={random.randrange(low, high)}"  # noqa: S311 - no secret
                ),
            )
        )
        yield measured


def _guard(ask: Ask, account: Account, size: Size) -> Iterator[Guard]:
    """Compare a list, in processor time, with work that is the same for ever."""
    listed, yardsticks = [], []
    for _ in range(5):
        yardsticks.append(_time_yardstick())
        listed.append(_time(ask, account, lambda: _fill_in("/runs?page={page}", size))["cpu_ms"])
    ratio = divide(min(yardsticks), min(listed))
    yield Guard("p12_cpu_of_yardstick_to_list_of_runs", ratio)


def _time_yardstick() -> float:
    """Return the milliseconds of processor time of writing and reading the same JSON."""
    rows = [{"id": number, "name": f"run-{number}", "status": "ok"} for number in range(1000)]
    started = time.process_time()
    for _ in range(5):
        json.loads(json.dumps(rows))
    return (time.process_time() - started) * 1000


def _judge(result: Result, points: list[tuple[float, float]]) -> None:
    anywhere = [way for way in result.ways if way.name.endswith("anywhere")]
    log_p99 = anywhere[0].find("p99_ms") if anywhere else None
    flat = divide(points[-1][1], points[0][1]) if len(points) > 1 else None
    result.verdicts += [
        Verdict("a log at any offset, p99", "most", LIMIT_MS, log_p99, "ms"),
        Verdict("the slowest list, p99", "most", LIMIT_MS, points[-1][1], "ms"),
        Verdict("times slower with 100 times the rows", "most", 2.0, flat, "x"),
    ]


GOAL = Goal(
    "p12",
    "1 GB log at any offset; lists at a million rows",
    "at most 50 ms, flat (AAP publishes a p50 of 500 ms)",
    run,
    in_quick=True,
)
