# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import json
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from free_ports import reserve_port

TOKEN = "the-right-token-of-this-agent"
SECRET_KEY = "the-secret-key-of-this-agent"
RPC_PATH = "abcdefgh01234567"
PROGRAM = "import sys; from agent_runner.cli import main; sys.exit(main(sys.argv[1:]))"


class AgentProcess:
    """The agent as an ordinary process."""

    def __init__(self, config_path: Path) -> None:
        """Take the configuration to start with."""
        self.config: dict[str, Any] = json.loads(config_path.read_text())
        self._config_path = config_path
        self.log: list[str] = []

    async def start(self) -> None:
        """Start it and wait until it says that it listens."""
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, "serve", "--config", str(self._config_path)),
            stderr=asyncio.subprocess.PIPE,
        )
        assert self.process.stderr
        while not self.log or "event=listening" not in self.log[-1]:
            line = await self.process.stderr.readline()
            assert line, self.log
            self.log.append(line.decode())

    async def stop(self) -> int:
        """Ask it to stop and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stderr
        self.log.append((await self.process.stderr.read()).decode())
        return await self.process.wait()

    def connect(self) -> httpx.AsyncClient:
        """Return a client that trusts its certificate."""
        tls = ssl.create_default_context(cafile=f"{self.config['ssl_dir']}/agent.crt")
        tls.check_hostname = False
        base_url = f"https://127.0.0.1:{self.config['rpc_port']}"
        return httpx.AsyncClient(
            base_url=base_url, verify=tls, headers={"X-Agent-Token": TOKEN}, timeout=70
        )


async def _call(client: httpx.AsyncClient, method: str, **params: Any) -> Any:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    reply = (await client.post(f"/{RPC_PATH}/rpc", json=request)).json()
    assert "result" in reply, reply
    return reply["result"]


@pytest.fixture
def config_path(tmp_path: Path) -> Path:
    """Return a configuration with a port of its own."""
    port = reserve_port()
    folders = {name: str(tmp_path / name) for name in ("state_dir", "content_dir", "ssl_dir")}
    keys = {"rpc_path": RPC_PATH, "agent_token": TOKEN, "secret_key": SECRET_KEY}
    path = tmp_path / "config.json"
    path.write_text(
        json.dumps({"rpc_port": port, "listen_address": "127.0.0.1", **keys, **folders})
    )
    path.chmod(0o600)
    return path


@pytest.fixture
async def process(config_path: Path) -> AsyncIterator[AgentProcess]:
    """Run an agent as a process."""
    agent = AgentProcess(config_path)
    await agent.start()
    yield agent
    if agent.process.returncode is None:
        await agent.stop()


async def test_agent_restarts_without_losing_what_runs(
    process: AgentProcess, tmp_path: Path
) -> None:
    """SIGTERM ends the agent at once, waiting reads included; the execution lives on."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    async with process.connect() as client:
        command = {"command": "sh", "args": ["-c", f"echo up; cat {gate}"]}
        await _call(client, "execute_command", command_id="id-1", **command)
        first = await _call(client, "get_command_log", command_id="id-1", wait_s=50)
        assert first["log_data"] == "up\n"
        poll = {"command_id": "id-1", "offset": first["new_offset"], "wait_s": 55}
        request = {"jsonrpc": "2.0", "id": 1, "method": "get_command_log", "params": poll}
        sent = asyncio.Event()

        async def note(event: str, _: Any) -> None:
            if event == "http11.send_request_body.complete":
                sent.set()

        posting = client.post(f"/{RPC_PATH}/rpc", json=request, extensions={"trace": note})
        waiting = asyncio.create_task(posting)
        await sent.wait()
        await _call(client, "health_check")
        assert await process.stop() == 0
        assert (await waiting).status_code == 503
    await process.start()
    async with process.connect() as client:
        assert (await _call(client, "heartbeat"))["running"] == ["id-1"]
        gate.write_text("down\n")
        last = await _call(client, "get_command_log", **poll)
        while not last["is_final"]:
            poll["offset"] = last["new_offset"]
            last = await _call(client, "get_command_log", **poll)
        assert last["result"]["success"]
        assert last["result"]["stdout"] == "up\ndown\n"


async def test_log_is_structured_and_tells_no_secrets(process: AgentProcess) -> None:
    """The agent's own log holds one event a line, and neither token nor key nor path."""
    async with process.connect() as client:
        secret = {"name": "s", "content": "#!/bin/sh\necho hush-hush\n"}
        params = {"command": "s", "command_id": "id-1", "script": secret, "secrets": ["hush-hush"]}
        await _call(client, "execute_command", **params)
        await client.post(f"/{RPC_PATH}/rpc", headers={"X-Agent-Token": "wrong"})
    assert await process.stop() == 0
    log = "".join(process.log)
    assert f"event=listening port={process.config['rpc_port']}" in log
    assert "event=authentication_failed source=127.0.0.1" in log
    assert all(line.startswith("ts=") for line in log.splitlines())
    assert not any(word in log for word in (TOKEN, SECRET_KEY, RPC_PATH, "hush-hush"))


async def test_second_agent_names_the_port(process: AgentProcess, tmp_path: Path) -> None:
    """An agent whose port is taken ends with a sentence and the status of a system error."""
    second = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, "serve", "--config", str(tmp_path / "config.json")),
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await second.communicate()
    assert second.returncode == 71
    expected = f"myx-agent: Port {process.config['rpc_port']} is used by another program"
    assert stderr.decode().startswith(expected)
    assert stderr.count(b"\n") == 1


async def test_new_credentials_survive_a_restart(process: AgentProcess, tmp_path: Path) -> None:
    """A rotation is on disk when it is answered, and neither log nor audit log tells a secret."""
    new = {"agent_token": "the-next-token-of-it", "secret_key": "the-next-key-of-it"}
    async with process.connect() as client:
        answer = await _call(client, "rotate_credentials", overlap_s=600, **new)
        assert answer["changed"]
    await process.stop()
    await process.start()
    async with process.connect() as client:
        await _call(client, "health_check")
        client.headers["X-Agent-Token"] = new["agent_token"]
        await _call(client, "health_check")
        client.headers["X-Agent-Token"] = TOKEN
        assert (await client.post(f"/{RPC_PATH}/rpc")).status_code == 401
    await process.stop()
    audit = (tmp_path / "state_dir/audit.log").read_text()
    assert "rotate_credentials" in audit
    for secret in (TOKEN, SECRET_KEY, *new.values()):
        assert secret not in audit + "".join(process.log)
