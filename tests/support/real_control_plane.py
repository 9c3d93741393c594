# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test get a real control plane? ``myx serve`` as a process that it can kill."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from free_ports import reserve_port
from real_agent import READY_S
from sse import Event, parse_events


class ControlPlaneProcess:
    """A control plane with a data directory of its own, over all its starts."""

    def __init__(self, data_dir: Path, content_dir: Path, **settings: str) -> None:
        """Take its folders, and further ``MYX_*`` variables."""
        self._settings = settings
        self._data_dir = data_dir
        self._content_dir = content_dir
        self._port = reserve_port()
        self._process: asyncio.subprocess.Process | None = None
        self._output: asyncio.Task[None] | None = None
        self.log: list[str] = []
        self._written = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it serves."""
        scheme = "https" if "MYX_TLS_CERT" in self._settings else "http"
        return f"{scheme}://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """Where it listens on loopback."""
        return self._port

    @property
    def database_file(self) -> Path:
        """Its tables, where no other database is set."""
        return self._data_dir / "myx.db"

    @property
    def token(self) -> str:
        """The admin's token, once it has started."""
        return (self._data_dir / "admin-token").read_text().strip()

    async def start(self) -> None:
        """Start it and wait until it serves."""
        self._process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("myx"),
            "serve",
            env={
                **os.environ,
                "MYX_DATA_DIR": str(self._data_dir),
                "MYX_CONTENT_DIR": str(self._content_dir),
                "MYX_LISTEN": f"127.0.0.1:{self._port}",
                **self._settings,
            },
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stderr is not None
        async with asyncio.timeout(READY_S):
            async for raw in self._process.stderr:
                self.log.append(raw.decode())
                if "startup complete" in self.log[-1]:
                    self._output = asyncio.create_task(self._collect(self._process.stderr))
                    return
        raise AssertionError(f"it did not start: {''.join(self.log)}")

    async def stop(self, number: int = signal.SIGTERM) -> None:
        """End it with a signal."""
        if self._process is None or self._output is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        await self._process.wait()
        await self._output
        self._process = None

    @property
    def pid(self) -> int:
        """Its process, while it runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and not ended since."""
        return self._process is not None

    def freeze(self) -> None:
        """Let it stand still, as a machine without time for it would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on, where it stands still."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    async def wait_for_log(self) -> None:
        """Return when it has written another line."""
        self._written.clear()
        await self._written.wait()

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Ask for something and return what is answered."""
        async with self.connect() as client:
            answer = await client.get(path, params=query)
            assert answer.status_code == 200, answer.text
            parsed: dict[str, Any] = answer.json()
            return parsed

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator[httpx.AsyncClient]:
        """Open a client with the admin's token."""
        async with httpx.AsyncClient(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
        ) as client:
            yield client

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request and return what it is answered."""
        async with self.connect() as client:
            answer = await client.post(path, json=body)
            assert answer.status_code < 300, answer.text
            parsed: dict[str, Any] = answer.json()
            return parsed

    async def download(self, execution_id: str) -> bytes:
        """Return the stored log of an execution."""
        async with self.connect() as client:
            return (await client.get(f"/executions/{execution_id}/log/download")).content

    async def follow(self, run_id: int) -> AsyncIterator[Event]:
        """Yield the events of a run as they come."""
        async with self.connect() as client, client.stream("GET", f"/runs/{run_id}/stream") as sent:
            block = ""
            async for line in sent.aiter_lines():
                block += f"{line}\n"
                if not line:
                    for event in parse_events(block):
                        yield event
                    block = ""

    async def _collect(self, stream: asyncio.StreamReader) -> None:
        async for raw in stream:
            self.log.append(raw.decode())
            self._written.set()


@contextlib.asynccontextmanager
async def serve_replicas(
    folder: Path, database_url: str, lost_after_s: float, **settings: str
) -> AsyncIterator[tuple[ControlPlaneProcess, ControlPlaneProcess]]:
    """Serve two control planes on one database, with one content folder."""
    content = folder / "content"
    content.mkdir()
    settings |= {"MYX_DATABASE_URL": database_url, "MYX_REPLICA_LOST_AFTER_S": str(lost_after_s)}
    one = ControlPlaneProcess(folder / "data", content, **settings)
    other = ControlPlaneProcess(folder / "data", content, **settings)
    await one.start()
    await other.start()
    yield one, other
    for each in (one, other):
        each.wake()
        await each.stop()
