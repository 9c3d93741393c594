# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a large fleet cost the control plane? Emulated agents, a real ``myx serve``; no root.

``make fleet`` prints a table and writes ``.myx/bench/fleet.json``. A result that is not complete
(a host offline, a byte of a log missing) fails.
"""

import asyncio
import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from real_control_plane import ControlPlaneProcess

ROOT = Path(__file__).parents[2]
REPORT = ROOT / ".myx/bench/fleet.json"
EMULATOR = ROOT / "tests/support/fleet_emulator.py"
WINDOW_S = float(os.environ.get("MYX_FLEET_WINDOW_S", "40"))
READY_S = 300.0
ASKED_EVERY_S = 0.1
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

Figures = dict[str, float]

figures: dict[str, Figures] = {}


@pytest.fixture(scope="module", autouse=True)
def _report() -> Any:
    """Print what was measured, and write it."""
    yield
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps({"load": os.getloadavg()[0], "figures": figures}, indent=2))
    sys.stdout.write(f"\n{'':<34}{'':<22}{'':>10}\n")
    for name, measured in figures.items():
        for figure, value in measured.items():
            sys.stdout.write(f"{name:<34}{figure:<26}{value:>12,.2f}\n")
    sys.stdout.write(f"load of the machine: {os.getloadavg()[0]:.1f}\n")


class Plane:
    """A control plane with emulated agents, and what it uses."""

    def __init__(self, process: ControlPlaneProcess, session: aiohttp.ClientSession) -> None:
        self.process = process
        self._session = session

    async def ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Send a request and return what it is answered."""
        async with self._session.request(method, f"/api/v1{path}", json=body or None) as answer:
            assert answer.status < 300, await answer.text()
            parsed: dict[str, Any] = await answer.json()
            return parsed

    async def follow(self, run_id: int) -> AsyncIterator[tuple[str, dict[str, Any], float]]:
        """Yield the events of a run to its end, each with the time it came at."""
        async with self._session.get(f"/api/v1/runs/{run_id}/stream") as answer:
            name, rest = "", b""
            async for chunk in answer.content.iter_any():
                came_at = time.time()
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.startswith(b"event: "):
                        name = line[7:].decode()
                    elif line.startswith(b"data: "):
                        yield name, json.loads(line[6:]), came_at
                        if name == "end":
                            return

    async def receive(self, run_id: int) -> AsyncIterator[tuple[float, bytes]]:
        """Yield what a stream of a run sends, each piece after the time it came at."""
        async with self._session.get(f"/api/v1/runs/{run_id}/stream") as answer:
            async for chunk in answer.content.iter_any():
                yield time.time(), chunk

    @property
    def waited_s(self) -> float:
        """Seconds for which its event loop was ready and had no processor."""
        return int(self._read("schedstat").split()[1]) / 1e9

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time that it has used."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def memory_mib(self) -> float:
        """Resident memory."""
        return int(self._read("statm").split()[1]) * PAGE_BYTES / 2**20

    def _read(self, name: str) -> str:
        return Path(f"/proc/{self.process.pid}/{name}").read_text()


def read_shares(plane: Plane) -> Figures:
    """Return seconds of processors: of the server, of the streams' client, and of all there is."""
    words = Path("/proc/stat").read_text().split(maxsplit=9)[1:9]
    return {
        "passed": time.monotonic(),
        "server": plane.cpu_s,
        "client of the streams": time.process_time(),
        "everything, Chromium too": sum(map(int, words[:3] + words[5:8])) / TICKS,
        "server waited for a core": plane.waited_s,
    }


def compare_shares(begun: Figures, ended: Figures) -> Figures:
    """Return the shares of the time between."""
    passed = ended["passed"] - begun["passed"]
    return {
        f"{name} (%)": 100 * (ended[name] - begun[name]) / passed
        for name in begun
        if name != "passed"
    }


@contextlib.asynccontextmanager
async def open_plane(
    folder: Path, agents: int, *behaviour: str, heartbeats: bool
) -> AsyncIterator[Plane]:
    """Serve with so many emulated agents, all of them known."""
    (folder / "content").mkdir()
    process = ControlPlaneProcess(
        folder / "data",
        folder / "content",
        MYX_HEARTBEATS=str(heartbeats).lower(),
        MYX_MAX_CONCURRENT_EXECUTIONS="2000",
        MYX_RPC_TIMEOUT_S="30",
    )
    await process.start()
    token = folder / "data" / "admin-token"
    emulator = await asyncio.create_subprocess_exec(
        *(sys.executable, EMULATOR, "--agents", str(agents), "--url", process.url),
        *("--token-file", token, *behaviour),
        stdout=asyncio.subprocess.PIPE,
    )
    assert emulator.stdout is not None
    try:
        assert await asyncio.wait_for(emulator.stdout.readline(), READY_S)
        async with aiohttp.ClientSession(
            base_url=process.url,
            headers={"Authorization": f"Bearer {token.read_text().strip()}"},
            timeout=aiohttp.ClientTimeout(total=READY_S),
            read_bufsize=2**22,
        ) as session:
            yield Plane(process, session)
    finally:
        emulator.kill()
        await emulator.wait()
        await process.stop()


@pytest.mark.parametrize("agents", [1_000, 10_000])
async def test_heartbeats(tmp_path: Path, agents: int) -> None:
    """All are online; meanwhile the API answers."""
    async with open_plane(tmp_path, agents, heartbeats=True) as plane:
        async with asyncio.timeout(READY_S):
            while await _count_online(plane) < agents:  # noqa: ASYNC110 - another process's doing
                await asyncio.sleep(1)
        before, began, took = plane.cpu_s, time.monotonic(), []
        while time.monotonic() < began + WINDOW_S:
            asked = time.perf_counter()
            await plane.ask("GET", "/hosts?page_size=50")
            took.append((time.perf_counter() - asked) * 1000)
            await asyncio.sleep(ASKED_EVERY_S)
        window_s = time.monotonic() - began
        figures[f"{agents:,} agents, heartbeats"] = {
            "cpu (% of a core)": 100 * (plane.cpu_s - before) / window_s,
            "memory (MiB)": plane.memory_mib,
            **_summarise("list of hosts", took),
        }
        assert await _count_online(plane) == agents


async def test_a_run_over_many_hosts(tmp_path: Path) -> None:
    """Every host runs it once, and every log is whole."""
    hosts = 1_000
    async with open_plane(tmp_path, hosts, heartbeats=False) as plane:
        before, began = plane.cpu_s, time.time()
        started_at, received, memory = [], 0, 0.0
        run = await plane.ask("POST", "/runs", kind="command", command=["true"], limit="all")
        async for name, data, came_at in plane.follow(run["id"]):
            if name == "execution" and data["status"] == "running":
                started_at.append(came_at)
            if name == "log":
                received += len(data["log_data"])
                memory = max(memory, plane.memory_mib)
        wall_s = time.time() - began
        executions = await _list_executions(plane, run["id"], hosts)
        assert {each["status"] for each in executions} == {"successful"}
        assert all(each["log_bytes"] for each in executions)
        assert sum(each["log_bytes"] for each in executions) == received
        figures["a run over 1,000 hosts"] = {
            "executions a second": hosts / wall_s,
            "starts a second": len(started_at) / (max(started_at) - began),
            "time (s)": wall_s,
            "cpu an execution (ms)": 1000 * (plane.cpu_s - before) / hosts,
            "memory (MiB)": max(memory, plane.memory_mib),
        }


@pytest.mark.parametrize(("bytes_per_s", "seconds"), [(10_000, 20), (1_000_000, 8)])
async def test_many_logs_at_once(tmp_path: Path, bytes_per_s: int, seconds: int) -> None:
    """From the write at the agent to a reader at the API; every byte arrives."""
    behaviour = ("--bytes-per-s", str(bytes_per_s), "--ends-after-s", str(seconds))
    async with open_plane(tmp_path, 100, *behaviour, heartbeats=False) as plane:
        before, began = plane.cpu_s, time.time()
        lags, received = [], 0
        run = await plane.ask("POST", "/runs", kind="command", command=["true"], limit="all")
        async for name, data, came_at in plane.follow(run["id"]):
            if name == "log":
                received += len(data["log_data"])
                line = data["log_data"][data["log_data"].find("\n") + 1 :]
                if line:
                    lags.append((came_at - float(line[:20])) * 1000)
        wall_s = time.time() - began
        executions = await _list_executions(plane, run["id"], 100)
        assert sum(each["log_bytes"] for each in executions) == received
        figures[f"100 logs of {bytes_per_s // 1000:,} kB/s each"] = {
            "MB/s": received / wall_s / 1e6,
            "cpu (% of a core)": 100 * (plane.cpu_s - before) / wall_s,
            **_summarise("lag", lags),
        }


async def _count_online(plane: Plane) -> int:
    return int((await plane.ask("GET", "/hosts?state=online&page_size=1"))["count"])


async def _list_executions(plane: Plane, run_id: int, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in range(1, (count + 499) // 500 + 1):
        path = f"/runs/{run_id}/executions?page_size=500&page={page}"
        found += (await plane.ask("GET", path))["results"]
    assert len(found) == count
    return found


def _summarise(name: str, values_ms: list[float]) -> Figures:
    cuts = statistics.quantiles(values_ms, n=100)
    return {f"{name} p50 (ms)": cuts[49], f"{name} p99 (ms)": cuts[98]}
