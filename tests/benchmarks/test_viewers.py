# SPDX-License-Identifier: GPL-3.0-or-later
"""What do people who look at a run cost, and how soon do they see it? Chromium and HTTP streams.

``make viewers`` prints a table and writes ``.myx/bench/viewers.json``. An emulated agent writes
lines that say when; a byte that is missing fails.
"""

import asyncio
import json
import os
import sqlite3
import statistics
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from real_control_plane import ControlPlaneProcess
from viewer import Viewer

from test_fleet import Figures, Plane, compare_shares, open_plane, read_shares

REPORT = Path(__file__).parents[2] / ".myx/bench/viewers.json"
VIEWERS = 100
PAGES = 3
WATCHED_S = 20
SETTLED_S = 2
BIG_LINES = 16_000_000
LINE_BYTES = 64
HOSTS, TASKS = 1_000, 200

figures: dict[str, Figures] = {}


@pytest.fixture(scope="module", autouse=True)
def _report() -> Any:
    """Print what was measured, and write it."""
    yield
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps({"load": os.getloadavg()[0], "figures": figures}, indent=2))
    for name, measured in figures.items():
        for figure, value in measured.items():
            sys.stdout.write(f"\n{name:<34}{figure:<34}{value:>12,.1f}")
    sys.stdout.write(f"\nload of the machine: {os.getloadavg()[0]:.1f}\n")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Return Debian's Chromium."""
    async with async_playwright() as playwright:
        program = os.environ.get("MYX_CHROMIUM", "/usr/bin/chromium")
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def enter(browser: Browser, process: ControlPlaneProcess) -> Viewer:
    """Sign in, in a browser window of its own."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    viewer = Viewer(await context.new_page(), process)
    await viewer.enter()
    return viewer


async def read_paint(page: Page) -> float:
    """Return when the page first showed something, in ms since it was asked for."""
    entries = "performance.getEntriesByName('first-contentful-paint').map(e => e.startTime)"
    await page.wait_for_function(f"{entries}.length > 0")
    return float((await page.evaluate(entries))[0])


COLLECT = """
window.lags = [];
window.seen = new Set();
new MutationObserver(() => {
    for (const row of document.querySelectorAll('[data-at]')) {
        const at = row.getAttribute('data-at');
        if (window.seen.has(at)) continue;
        const wrote = Number(row.lastElementChild.textContent.slice(0, 20)) * 1000;
        if (!wrote) continue;
        window.seen.add(at);
        window.lags.push([wrote / 1000, Date.now() - wrote]);
    }
}).observe(document, {childList: true, subtree: true, characterData: true});
"""


async def test_many_look_at_one_run(tmp_path: Path, browser: Browser) -> None:
    """From the agent's write to the page, while a hundred others stream; all of it is freed.

    Lines count that are written when all are there: before, it is the pages that load.
    """
    behaviour = ("--bytes-per-s", "4000", "--ends-after-s", str(WATCHED_S))
    async with open_plane(tmp_path, 1, *behaviour, heartbeats=False) as plane:
        process = plane.process
        viewers = [await enter(browser, process) for _ in range(PAGES)]
        await plane.ask("GET", "/hosts")
        memory, sockets = plane.memory_mib, count_sockets(process.pid)
        run = await plane.ask("POST", "/runs", kind="command", command=["true"], limit="all")
        await open_pages(viewers, run["id"])
        arrivals: asyncio.Queue[float] = asyncio.Queue()
        watching = [asyncio.create_task(watch(plane, run["id"], arrivals)) for _ in range(VIEWERS)]
        opened_ms = [await arrivals.get() for _ in watching]
        since, begun = time.time(), read_shares(plane)
        await asyncio.sleep(SETTLED_S)
        held = plane.memory_mib - memory
        streams = await asyncio.gather(*watching)
        shares = compare_shares(begun, read_shares(plane))
        for viewer in viewers:
            await viewer.see_status("successful")
        [execution] = (await plane.ask("GET", f"/runs/{run['id']}/executions"))["results"]
        received = [read_lines(stream) for stream in streams]
        assert {size for size, _ in received} == {execution["log_bytes"]}
        in_pages = [await viewer.page.evaluate("window.lags") for viewer in viewers]
        paints = [await read_paint(viewer.page) for viewer in viewers]
        await close_pages(viewers, process.pid, sockets)
        figures[f"{VIEWERS} streams, {PAGES} pages"] = {
            "memory a viewer (KiB)": held * 1024 / (VIEWERS + PAGES),
            "first paint (ms)": statistics.median(paints),
            "first line of all streams (ms)": max(opened_ms),
            **summarise("write to page", keep_later(in_pages, since)),
            **summarise("write to stream", keep_later([lags for _, lags in received], since)),
            **shares,
        }


async def open_pages(viewers: list[Viewer], run_id: int) -> None:
    """Show the run in all pages; return when each shows a line."""
    for viewer in viewers:
        await viewer.page.evaluate(COLLECT)
        await viewer.go(f"/runs/{run_id}")
    for viewer in viewers:
        await expect(viewer.page.locator("[data-at]").first).to_be_visible()


async def close_pages(viewers: list[Viewer], pid: int, sockets: int) -> None:
    """Close all pages; return when the server has no more connections than before them."""
    for viewer in viewers:
        await viewer.page.context.close()
    async with asyncio.timeout(60):
        while count_sockets(pid) > sockets:  # noqa: ASYNC110 - another process's doing
            await asyncio.sleep(0.1)


async def watch(
    plane: Plane, run_id: int, arrivals: asyncio.Queue[float]
) -> list[tuple[float, bytes]]:
    """Follow a run to its end, and tell after how many ms its log came; nothing is parsed."""
    received: list[tuple[float, bytes]] = []
    began, has_log = time.time(), False
    async for came_at, chunk in plane.receive(run_id):
        received.append((came_at, chunk))
        if not has_log and b"event: log\n" in chunk:
            has_log = True
            arrivals.put_nowait((came_at - began) * 1000)
    return received


def read_lines(received: list[tuple[float, bytes]]) -> tuple[int, list[tuple[float, float]]]:
    """Return how much log came, and when each line was written and how many ms later it came."""
    size, lags, name, rest = 0, [], b"", b""
    for came_at, chunk in received:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"event: "):
                name = line
            elif line.startswith(b"data: ") and name == b"event: log":
                log = json.loads(line[6:])["log_data"]
                size += len(log)
                wrote = [float(each[:20]) for each in log.splitlines()]
                lags += [(at, (came_at - at) * 1000) for at in wrote]
    return size, lags


def keep_later(viewers: list[list[tuple[float, float]]], since: float) -> list[float]:
    """Return how late lines came that were written since then."""
    return [lag for lags in viewers for wrote, lag in lags if wrote > since]


async def test_a_gigabyte_at_any_place(tmp_path: Path, browser: Browser) -> None:
    """It opens in its middle and at its end, is searched, and goes to a line by its number."""
    async with open_plane(tmp_path, 1, heartbeats=False) as plane:
        run = await plane.ask("POST", "/runs", kind="command", command=["true"], limit="all")
        _ = [event async for event in plane.follow(run["id"])]
        [execution] = (await plane.ask("GET", f"/runs/{run['id']}/executions"))["results"]
        size = await asyncio.to_thread(lengthen, tmp_path / "data/logs", execution["id"])
        viewer = await enter(browser, plane.process)
        page, memory = viewer.page, plane.memory_mib
        measured: Figures = {"size (MB)": size / 1e6}
        for name, share in (("middle", 0.5), ("other place", 0.83)):
            at = int(BIG_LINES * share) * LINE_BYTES
            began = time.perf_counter()
            await viewer.go(f"/runs/{run['id']}?at={at + execution['log_bytes']}")
            await expect(page.locator("[data-marked]")).to_be_visible()
            measured[f"opened at {name} (ms)"] = (time.perf_counter() - began) * 1000
            await viewer.go("/overview")
        await viewer.go(f"/runs/{run['id']}")
        await expect(page.locator("[data-at]").first).to_be_visible()
        for name, wanted in (("line", f":{BIG_LINES - 5}"), ("search", f"{BIG_LINES - 9:012}")):
            await page.get_by_label("Search the output").fill(wanted)
            began = time.perf_counter()
            await page.keyboard.press("Enter")
            marked = page.locator("[data-marked]")
            await expect(marked).to_contain_text(f"{BIG_LINES - (7 if name == 'line' else 9):012}")
            measured[f"{name} at the end (ms)"] = (time.perf_counter() - began) * 1000
            await viewer.go("/overview")
            await viewer.go(f"/runs/{run['id']}")
        measured["memory of the server (MiB more)"] = plane.memory_mib - memory
        figures["a log of 1 GB"] = measured
        await page.context.close()


def lengthen(folder: Path, execution_id: str) -> int:
    """Add lines to a log, each with its number, and return its size."""
    path = folder / execution_id[-2:] / f"{execution_id}.log"
    with path.open("ab") as file:
        for start in range(0, BIG_LINES, 100_000):
            lines = (f"{number:012} {'x' * 50}\n" for number in range(start, start + 100_000))
            file.write("".join(lines).encode())
    return path.stat().st_size


async def test_a_matrix_of_many_hosts(tmp_path: Path, browser: Browser) -> None:
    """A run over a thousand hosts with two hundred tasks each is drawn at both its ends."""
    async with open_plane(tmp_path, HOSTS, heartbeats=False) as plane:
        (tmp_path / "content/site.yml").write_text("- hosts: all\n  tasks: []\n")
        run = await plane.ask("POST", "/runs", kind="playbook", playbook="site.yml", limit="all")
        _ = [event async for event in plane.follow(run["id"])]
        await asyncio.to_thread(add_tasks, tmp_path / "data", run["id"])
        viewer = await enter(browser, plane.process)
        page = viewer.page
        began = time.perf_counter()
        await viewer.go(f"/runs/{run['id']}?view=tasks")
        await expect(page.get_by_role("button", name="Task 0: ok").first).to_be_visible()
        shown_ms = (time.perf_counter() - began) * 1000
        matrix = page.get_by_role("region", name="Tasks")
        began = time.perf_counter()
        await matrix.evaluate("box => box.scrollTo(box.scrollWidth, box.scrollHeight)")
        last = page.get_by_role("button", name=f"Task {TASKS - 1}: ok").last
        await expect(last).to_be_visible()
        cells = await page.locator("[data-state]").count()
        figures[f"matrix, {HOSTS:,} hosts, {TASKS} tasks"] = {
            "shown (ms)": shown_ms,
            "its other end shown (ms)": (time.perf_counter() - began) * 1000,
            "elements of cells": cells,
            "memory of the server (MiB)": plane.memory_mib,
        }
        await page.context.close()


def add_tasks(data_dir: Path, run_id: int) -> None:
    """Give every execution of a run the events of many tasks."""
    with sqlite3.connect(data_dir / "myx.db", timeout=60) as database:
        ids = database.execute("SELECT id FROM executions WHERE run_id = ?", (run_id,)).fetchall()
        database.executemany(
            "INSERT INTO events (execution_id, counter, event, task, play, created_at, data)"
            " VALUES (?, ?, ?, ?, 'Play', '2026-01-01 00:00:00', ?)",
            (row for (id_,) in ids for row in make_events(id_)),
        )


def make_events(execution_id: str) -> list[tuple[Any, ...]]:
    """Make the rows of an execution's events, as large as they usually are."""
    rows = []
    for number in range(TASKS):
        task = f"Task {number}"
        said = {"task": task, "task_path": f"/content/site.yml:{number}", "duration": 0.1}
        result = {"changed": False, "msg": "x" * 400}
        for place, event in enumerate(("playbook_on_task_start", "runner_on_ok")):
            counter = 1000 + 2 * number + place
            data = {"counter": counter, "event": event, "event_data": {**said, "res": result}}
            rows.append((execution_id, counter, event, task, json.dumps(data)))
    return rows


def count_sockets(pid: int) -> int:
    """Count the connections that a process has open."""
    count = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            count += link.readlink().name.startswith("socket:")
        except FileNotFoundError:
            continue
    return count


def summarise(name: str, values_ms: list[float]) -> Figures:
    """Return the middle and the 99th percentile."""
    cuts = statistics.quantiles(values_ms, n=100)
    return {f"{name} p50 (ms)": cuts[49], f"{name} p99 (ms)": cuts[98]}
