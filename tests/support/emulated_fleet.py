# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test get many hosts that outlive a killed control plane? In its own process, over TLS.

One listener is the agents of all hosts: each has a path and a token of its own, and is a
``MemoryAgent`` behind it, which speaks what real agents speak.
"""

import asyncio
import hashlib
import ssl
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from agent_runner.certificate import make_certificate
from agent_runner.protocol.errors import InternalError, RpcError
from agent_runner.protocol.methods import TOKEN_HEADER
from agent_runner.rpc.messages import decode_request, encode_error, encode_result
from api.agents import calls
from api.agents.calls import Endpoint, Method
from api.agents.memory import MemoryAgent, Program

_METHODS: dict[str, Method[Any, Any]] = {
    method.name: method for method in vars(calls).values() if isinstance(method, Method)
}


class EmulatedFleet:
    """The agents of many hosts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._agents: dict[str, MemoryAgent] = {}
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._fingerprint = ""
        self._countdown = 0
        self._reached = asyncio.Event()

    @property
    def agents(self) -> list[MemoryAgent]:
        """All agents, by host."""
        return list(self._agents.values())

    async def open(self) -> None:
        """Listen."""
        made = make_certificate("emulated")
        for name, data in (("agent.crt", made.certificate_pem), ("agent.key", made.key_pem)):
            (self._folder / name).write_bytes(data)
        der = ssl.PEM_cert_to_DER_cert(made.certificate_pem.decode())
        self._fingerprint = hashlib.sha256(der).hexdigest()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._folder / "agent.crt", self._folder / "agent.key")
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_post("/{path}/rpc", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening, and whatever runs."""
        for agent in self._agents.values():
            for task in agent.tasks:
                task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    def add(self, name: str, program: Program) -> dict[str, Any]:
        """Add a host and return the body that enrolls it."""
        path = f"emulated{len(self._agents):08}"
        token = f"token-of-the-emulated-agent-{path}"
        endpoint = Endpoint(name, "127.0.0.1", self._port, path, token, self._fingerprint)
        self._agents[path] = MemoryAgent(endpoint, program)
        return {
            "address": endpoint.address,
            "rpc_port": endpoint.rpc_port,
            "rpc_path": path,
            "agent_token": token,
            "secret_key": f"secret-key-of-the-emulated-agent-{path}",
            "cert_fingerprint": self._fingerprint,
        }

    async def wait_for_calls(self, number: int) -> None:
        """Return when so many more calls have come in."""
        self._countdown = number
        self._reached.clear()
        await self._reached.wait()

    async def _answer(self, request: web.Request) -> web.Response:
        agent = self._agents.get(request.match_info["path"])
        if agent is None:
            return web.Response(status=404)
        if request.headers.get(TOKEN_HEADER) != agent.endpoint.agent_token:
            return web.Response(status=401)
        asked = decode_request(await request.read())
        self._countdown -= 1
        if self._countdown == 0:
            self._reached.set()
        request_id = None if asked.id is msgspec.UNSET else asked.id
        try:
            params = msgspec.json.decode(asked.params, type=_METHODS[asked.method].params)
            if not agent.reachable:
                raise InternalError("emulated: cut off")
            body = encode_result(request_id, await agent.answer(asked.method, params))
        except RpcError as error:
            body = encode_error(request_id, error)
        return web.Response(body=body, content_type="application/json")
