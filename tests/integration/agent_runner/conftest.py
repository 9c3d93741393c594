# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent with real TLS on a free port, over executions that a test controls."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from agent_runner.audit import AuditLog
from agent_runner.config import Config, Limits
from agent_runner.content import ContentStore
from agent_runner.credentials import Credentials
from agent_runner.files import Files
from agent_runner.protocol import methods as wire
from agent_runner.protocol.errors import UnknownExecutionError
from agent_runner.server import AgentServer

TOKEN = "the-right-token-of-this-agent"
RPC_PATH = "abcdefgh01234567"


class FakeExecutions:
    """Executions in memory, as the real ones offer them; a test decides when they end."""

    def __init__(self) -> None:
        self.started: list[wire.ExecuteCommandParams | wire.ExecuteAnsibleParams] = []
        self.fault: Exception | None = None
        self.ended = asyncio.Event()
        self.waiting = asyncio.Semaphore(0)
        self.given_up = asyncio.Semaphore(0)
        self.is_open = False

    async def open(self) -> None:
        """Note that they are open."""
        self.is_open = True

    async def close(self) -> None:
        """Note that they are closed."""
        self.is_open = False

    async def start_command(self, params: wire.ExecuteCommandParams) -> wire.StartResult:
        """Start nothing, and remember what was asked."""
        return self._start(params)

    async def start_playbook(self, params: wire.ExecuteAnsibleParams) -> wire.StartResult:
        """Start nothing, and remember what was asked."""
        return self._start(params)

    async def read_log(self, params: wire.GetCommandLogParams) -> wire.GetCommandLogResult:
        """Answer a log of five bytes; waits where the caller wants to."""
        if params.command_id not in {item.command_id for item in self.started}:
            raise UnknownExecutionError
        if params.wait_s:
            await self._wait(params.wait_s)
        return wire.GetCommandLogResult(
            log_data="hello",
            log_type="stdout",
            encoding="utf-8",
            offset=0,
            new_offset=5,
            size=5,
            is_final=self.ended.is_set(),
        )

    async def read_events(self, params: wire.GetEventsParams) -> wire.GetEventsResult:
        """Answer that there are none."""
        return wire.GetEventsResult(events=[], last=params.after, is_final=False)

    async def cancel(self, params: wire.CancelCommandParams) -> wire.CancelCommandResult:
        """Answer that it still runs."""
        return wire.CancelCommandResult(command_id=params.command_id, status="running")

    async def acknowledge(
        self, params: wire.AcknowledgeCommandParams
    ) -> wire.AcknowledgeCommandResult:
        """Answer."""
        return wire.AcknowledgeCommandResult(command_id=params.command_id)

    def list_executions(self) -> list[wire.RunningExecution]:
        """Return all as running."""
        return [
            wire.RunningExecution(command_id=item.command_id, kind="command", state="running")
            for item in self.started
        ]

    def describe_warm(self) -> wire.WarmStatus:
        """Return that nothing is forked."""
        return wire.WarmStatus(state="off")

    def _start(
        self, params: wire.ExecuteCommandParams | wire.ExecuteAnsibleParams
    ) -> wire.StartResult:
        if self.fault is not None:
            raise self.fault
        self.started.append(params)
        return wire.StartResult(status="running", command_id=params.command_id, created=True)

    async def _wait(self, wait_s: float) -> None:
        self.waiting.release()
        try:
            await asyncio.wait_for(self.ended.wait(), wait_s)
        except asyncio.CancelledError:
            self.given_up.release()
            raise


@dataclass
class RunningAgent:
    """An agent that listens, and ways to speak to it."""

    config: Config
    server: AgentServer
    content: ContentStore
    executions: FakeExecutions
    files: Files
    tls: ssl.SSLContext
    client: httpx.AsyncClient
    url: str
    headers: dict[str, str] = field(default_factory=lambda: {wire.TOKEN_HEADER: TOKEN})

    async def post(self, body: bytes | Any, **options: Any) -> httpx.Response:
        """Post a body as it is, or a value as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.client.post(
            self.url, content=content, **{"headers": self.headers, **options}
        )

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method and return the whole reply."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        response = await self.post(msgspec.json.encode(request))
        assert response.status_code == 200, response.text
        reply: dict[str, Any] = response.json()
        return reply

    async def result(self, method: str, **params: Any) -> Any:
        """Call a method that must succeed."""
        reply = await self.call(method, **params)
        assert "error" not in reply, reply
        return reply["result"]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a bare TLS connection."""
        return await asyncio.open_connection("127.0.0.1", self.server.port, ssl=self.tls)


@pytest.fixture
def limits() -> Limits:
    """Return the agent's limits; a module may have its own."""
    return Limits(min_free_disk_bytes=0)


@pytest.fixture
def config(tmp_path: Path, limits: Limits) -> Config:
    """Return a configuration whose port is whichever is free."""
    for name in ("state", "content"):
        (tmp_path / name).mkdir(mode=0o700)
    return Config(
        rpc_port=0,
        rpc_path=RPC_PATH,
        agent_token=TOKEN,
        secret_key="the-secret-key-of-this-agent",
        listen_address="127.0.0.1",
        state_dir=tmp_path / "state",
        content_dir=tmp_path / "content",
        ssl_dir=tmp_path / "ssl",
        limits=limits,
    )


@pytest.fixture
async def agent(config: Config) -> AsyncIterator[RunningAgent]:
    """Run an agent."""
    content = ContentStore(config.content_dir, config.limits)
    executions = FakeExecutions()
    path = _write_config(config)
    audit = AuditLog(config.state_dir / "audit.log")
    files = Files(config.state_dir.parent / "policy.json", audit)
    server = AgentServer(config, content, executions, files, Credentials(path, config, audit))
    tls = ssl.create_default_context(cafile=str(config.ssl_dir / "agent.crt"))
    tls.check_hostname = False
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server)
        client = await stack.enter_async_context(httpx.AsyncClient(verify=tls, timeout=30))
        url = f"https://127.0.0.1:{server.port}/{RPC_PATH}/rpc"
        yield RunningAgent(config, server, content, executions, files, tls, client, url)


def _write_config(config: Config) -> Path:
    """Write the file that the configuration could have come from."""
    path = config.state_dir.parent / "config.json"
    path.touch(0o600)
    path.write_bytes(msgspec.json.encode(config, enc_hook=str, order="sorted"))
    return path
