# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test get a real agent? As a process of its own, that it can end and start again."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path

from free_ports import reserve_port

from agent_runner.audit import AUDIT_NAME
from api.agents.calls import Endpoint

READY_S = 60.0
"""A process that is not ready by then never will be."""


class AgentProcess:
    """An agent with folders, port and certificate of its own."""

    def __init__(self, folder: Path, name: str = "local") -> None:
        self._folder = folder
        self._name = name
        self._process: asyncio.subprocess.Process | None = None
        self._output: asyncio.Task[None] | None = None
        self.port = reserve_port()
        self.token = "token-of-a-test-agent"
        self.path = "abcdefghijkl0123456789mn"
        self.secret_key = "secret-key-of-a-test-agent"
        self.fingerprint = ""
        self.log: list[str] = []
        self._config = folder / "config.json"
        folder.mkdir(mode=0o700, exist_ok=True)
        self._config.touch(0o600)
        self._config.write_text(json.dumps(self._settings()))

    @property
    def endpoint(self) -> Endpoint:
        """Where it is called."""
        return Endpoint(self._name, "127.0.0.1", self.port, self.path, self.token, self.fingerprint)

    @property
    def enrollment(self) -> dict[str, object]:
        """The body that enrolls it."""
        return {
            "address": "127.0.0.1",
            "rpc_port": self.port,
            "rpc_path": self.path,
            "agent_token": self.token,
            "secret_key": self.secret_key,
            "cert_fingerprint": self.fingerprint,
        }

    @property
    def spool(self) -> Path:
        """Where its executions lie."""
        return self._folder / "state" / "executions"

    @property
    def audit_log(self) -> Path:
        """Where the host's owner reads who did what."""
        return self._folder / "state" / AUDIT_NAME

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("myx-agent"),
            "serve",
            "--config",
            self._config,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(READY_S):
            assert self._process.stderr is not None
            async for raw in self._process.stderr:
                line = raw.decode()
                self.log.append(line)
                if "event=listening" in line:
                    self.fingerprint = line.rpartition("fingerprint=")[2].strip()
                    self._output = asyncio.create_task(self._collect(self._process.stderr))
                    return
        raise AssertionError(f"the agent did not start: {''.join(self.log)}")

    async def stop(self, number: int = signal.SIGTERM) -> None:
        """End the agent; what it executes goes on."""
        if self._process is None or self._output is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        await self._process.wait()
        await self._output
        self._process = None

    async def end(self) -> None:
        """End the agent and everything that it still executes."""
        await self.stop()
        for lock in self.spool.glob("*/lock"):
            for pid in _find_holders(lock):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)

    async def _collect(self, stream: asyncio.StreamReader) -> None:
        async for raw in stream:
            self.log.append(raw.decode())

    def _settings(self) -> dict[str, object]:
        return {
            "rpc_port": self.port,
            "rpc_path": self.path,
            "agent_token": self.token,
            "secret_key": self.secret_key,
            "listen_address": "127.0.0.1",
            "state_dir": str(self._folder / "state"),
            "content_dir": str(self._folder / "content"),
            "ssl_dir": str(self._folder / "ssl"),
            "limits": {"cancel_grace_s": 1.0},
        }


def _find_holders(file: Path) -> list[int]:
    """Return the processes that have the file open."""
    holders = []
    for fd in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if fd.samefile(file):
                holders.append(int(fd.parts[2]))
    return sorted(set(holders) - {os.getpid()})
