# SPDX-License-Identifier: GPL-3.0-or-later
r"""How does one process stand for thousands of agents? Real TLS and HTTP around agents in memory.

Each agent has an address of its own in 127.0.0.0/8 and so connections of its own; all share one
port and one certificate. What they answer is ``api.agents.memory``'s, which a contract suite
compares with the real agent. As a program it adds its agents to a control plane and serves::

    python tests/support/fleet_emulator.py --agents 1000 --url http://127.0.0.1:8000 \
        --token-file ~/.local/share/myx/admin-token [--ends-after-s 3] [--bytes-per-s 1000000]
"""

import argparse
import asyncio
import contextlib
import hashlib
import ipaddress
import json
import random
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from aiohttp import ClientSession, web

from agent_runner.certificate import make_certificate
from agent_runner.protocol.errors import MethodNotFoundError, RpcError
from agent_runner.protocol.methods import MAX_REQUEST_BYTES, TOKEN_HEADER
from agent_runner.rpc.messages import decode_request, encode_error, encode_result
from agent_runner.tls import KeyPair, build_tls_context
from api.agents import calls
from api.agents.calls import Endpoint, Method
from api.agents.memory import MemoryAgent, MemoryExecution, Program

FIRST_ADDRESS = ipaddress.IPv4Address("127.1.0.1")
KEEP_ALIVE_S = 90.0
BACKLOG = 4096
ENROLLED_AT_ONCE = 500
LINE = b"%020.6f changed: [emulated] => the quick brown fox jumps over the lazy dog\n"
LINE_BYTES = len(LINE % 0.0)
WRITES_EVERY_S = 0.02

METHODS = {each.name: each for each in vars(calls).values() if isinstance(each, Method)}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How an emulated agent behaves: slow, chatty, failing, flapping, or none of it."""

    answers_after_s: float = 0.0
    """How slow each answer is."""
    ends_after_s: float = 0.0
    bytes_per_s: int = 0
    """How much an execution writes until it ends; 0: one line."""
    fails: float = 0.0
    """Which share of the executions ends with exit code 1."""
    offline_every_s: float = 0.0
    """How often an agent goes offline, at a time of its own; 0: never."""
    offline_for_s: float = 0.0

    async def run(self, execution: MemoryExecution) -> int | None:
        """Be a program: write as much as it should, end when it should."""
        started = time.monotonic()
        if self.bytes_per_s == 0:
            await execution.write(LINE % time.time())
        while (passed := time.monotonic() - started) < self.ends_after_s:
            if execution.canceled.is_set():
                return None
            missing = int(passed * self.bytes_per_s) - execution.size
            if missing > 0:
                await execution.write((LINE % time.time()) * max(1, missing // LINE_BYTES))
            await asyncio.sleep(WRITES_EVERY_S if self.bytes_per_s else self.ends_after_s - passed)
        await execution.emit("playbook_on_stats", ok={"emulated": 1})
        return int(random.random() < self.fails)  # noqa: S311 - spreads failures

    def is_offline(self, number: int) -> bool:
        """Say whether an agent is offline now."""
        if not self.offline_every_s:
            return False
        own_s = (number * 0.618) % 1 * self.offline_every_s
        return (time.monotonic() + own_s) % self.offline_every_s < self.offline_for_s


@dataclass
class EmulatedAgent(MemoryAgent):
    """One of many agents, and how it behaves from now on."""

    number: int = 0
    behaviour: Behaviour = Behaviour()

    @property
    def is_offline(self) -> bool:
        """Whether its connections break now."""
        return not self.reachable or self.behaviour.is_offline(self.number)

    @property
    def enrollment(self) -> dict[str, Any]:
        """The body that enrolls its host."""
        return {
            "address": self.endpoint.address,
            "rpc_port": self.endpoint.rpc_port,
            "rpc_path": self.endpoint.rpc_path,
            "agent_token": self.endpoint.agent_token,
            "secret_key": f"secret-key-of-{self.endpoint.rpc_path}",
            "cert_fingerprint": self.endpoint.cert_fingerprint,
        }

    async def run(self, execution: MemoryExecution) -> int | None:
        """Be the program that its behaviour is when the execution starts."""
        return await self.behaviour.run(execution)


class FleetEmulator:
    """Many agents behind one port."""

    def __init__(self, count: int, behaviour: Behaviour, folder: Path) -> None:
        """Make so many agents; their certificate lies in the folder."""
        self._behaviour = behaviour
        made = make_certificate("emulated")
        pair = KeyPair(folder / "agent.crt", folder / "agent.key")
        pair.certificate.write_bytes(made.certificate_pem)
        pair.key.write_bytes(made.key_pem)
        self._context = build_tls_context(pair)
        der = ssl.PEM_cert_to_DER_cert(made.certificate_pem.decode())
        self._fingerprint = hashlib.sha256(der).hexdigest()
        self._count = count
        self._port = 0
        self.agents: dict[str, EmulatedAgent] = {}
        """By the path that each answers at."""
        self.calls = 0
        self._awaited = 0
        self._reached = asyncio.Event()

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator["FleetEmulator"]:
        """Serve all agents until the end of the block."""
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        app.router.add_post("/{path}/rpc", self._answer)
        runner = web.AppRunner(
            app, access_log=None, keepalive_timeout=KEEP_ALIVE_S, shutdown_timeout=1
        )
        await runner.setup()
        site = web.TCPSite(runner, "0.0.0.0", 0, ssl_context=self._context, backlog=BACKLOG)  # noqa: S104 - addresses of loopback are many
        await site.start()
        self._port = runner.addresses[0][1]
        for _ in range(self._count):
            self.add()
        try:
            yield self
        finally:
            for task in [task for agent in self.agents.values() for task in agent.tasks]:
                task.cancel()
            await runner.cleanup()

    def add(self, name: str | None = None, program: Program | None = None) -> EmulatedAgent:
        """Add an agent: what it runs is the program, or else what its behaviour says."""
        number = len(self.agents)
        path = f"emulatedpathof{number:05}"
        endpoint = Endpoint(
            host=name or f"emulated{number:05}",
            address=str(FIRST_ADDRESS + number),
            rpc_port=self._port,
            rpc_path=path,
            agent_token=f"token-of-emulated-{number:05}",
            cert_fingerprint=self._fingerprint,
        )
        agent = EmulatedAgent(endpoint, number=number, behaviour=self._behaviour)
        agent.program = program or agent.run
        self.agents[path] = agent
        return agent

    async def enrol(self, url: str, token: str, group: str = "emulated") -> None:
        """Add all agents to a control plane."""
        headers = {"Authorization": f"Bearer {token}"}
        agents = list(self.agents.values())
        async with ClientSession(headers=headers) as session:
            for start in range(0, len(agents), ENROLLED_AT_ONCE):
                await _enrol(session, url, group, agents[start : start + ENROLLED_AT_ONCE])

    async def wait_for_calls(self, number: int) -> None:
        """Return when so many more calls have come in."""
        self._awaited = self.calls + number
        self._reached.clear()
        await self._reached.wait()

    async def _answer(self, request: web.Request) -> web.Response:
        agent = self.agents.get(request.match_info["path"])
        if agent is None:
            return web.Response(status=404)
        if agent.is_offline:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=503)
        if not agent.takes(request.headers.get(TOKEN_HEADER, "")):
            return web.Response(status=401)
        self.calls += 1
        if self.calls == self._awaited:
            self._reached.set()
        if agent.behaviour.answers_after_s:
            await asyncio.sleep(agent.behaviour.answers_after_s)
        body = await _answer_call(agent, await request.read())
        agent.calls.clear()
        return web.Response(body=body, content_type="application/json")


async def _enrol(
    session: ClientSession, url: str, group: str, agents: Sequence[EmulatedAgent]
) -> None:
    hosts = [
        {**agent.enrollment, "name": agent.endpoint.host, "groups": [group]} for agent in agents
    ]
    async with session.post(f"{url}/api/v1/hosts/enroll", json={"hosts": hosts}) as answer:
        if answer.status != 200 or (await answer.json())["failed"]:
            raise RuntimeError(await answer.text())


async def _answer_call(agent: MemoryAgent, data: bytes) -> bytes:
    asked = decode_request(data)
    request_id = None if asked.id is msgspec.UNSET else asked.id
    try:
        method = METHODS.get(asked.method)
        if method is None:
            raise MethodNotFoundError
        params = msgspec.json.decode(asked.params, type=method.params)
        return encode_result(request_id, await agent.answer(method.name, params))
    except RpcError as error:
        return encode_error(request_id, error)


async def _main(args: argparse.Namespace) -> None:
    behaviour = Behaviour(
        args.answers_after_s,
        args.ends_after_s,
        args.bytes_per_s,
        args.fails,
        args.offline_every_s,
        args.offline_for_s,
    )
    with tempfile.TemporaryDirectory() as folder:
        async with FleetEmulator(args.agents, behaviour, Path(folder)).serve() as fleet:
            started = time.monotonic()
            await fleet.enrol(args.url, args.token_file.read_text().strip())
            ready = {"agents": args.agents, "enrolled_in_s": round(time.monotonic() - started, 1)}
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--bytes-per-s", type=int, default=0)
    for name in ("answers-after-s", "ends-after-s", "fails", "offline-every-s", "offline-for-s"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
