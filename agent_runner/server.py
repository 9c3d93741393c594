# SPDX-License-Identifier: GPL-3.0-or-later
"""What is an agent made of, and in which order does it start and stop?"""

from typing import Protocol, Self

from agent_runner.auth import Gatekeeper
from agent_runner.config import Config, Limits
from agent_runner.content import ContentStore, build_rule
from agent_runner.credentials import Credentials
from agent_runner.files import Files
from agent_runner.https.endpoint import RpcEndpoint
from agent_runner.https.listener import Listener, open_socket
from agent_runner.rpc.dispatcher import Dispatcher
from agent_runner.rpc.methods import Services, build_methods
from agent_runner.rpc.services import ExecutionService
from agent_runner.status import HostFacts
from agent_runner.tls import build_tls_context, ensure_certificate, read_fingerprint


class ManagedExecutions(ExecutionService, Protocol):
    """Executions that this process opens and closes."""

    async def open(self) -> None:
        """Find out what still runs."""

    async def close(self) -> None:
        """Let go of what runs, without ending it."""


class AgentServer:
    """The agent's process: content, executions and the RPC server over them."""

    def __init__(
        self,
        config: Config,
        content: ContentStore,
        executions: ManagedExecutions,
        files: Files,
        credentials: Credentials,
    ) -> None:
        self._content = content
        self._files = files
        self._executions = executions
        pair = ensure_certificate(config.ssl_dir)
        self.fingerprint = read_fingerprint(pair.certificate)
        sock = open_socket(config.listen_address, config.rpc_port)
        self.port: int = sock.getsockname()[1]
        services = Services(
            executions,
            content,
            files,
            credentials,
            HostFacts(config.state_dir),
            self.port,
            list_limits(config.limits),
            build_rule(config).name,
            config.bundle_public_key,
        )
        dispatcher = Dispatcher(build_methods(services))
        gatekeeper = Gatekeeper(credentials.is_right)
        self._endpoint = RpcEndpoint(config.rpc_path, gatekeeper, dispatcher, credentials.settle)
        self._listener = Listener(self._endpoint, sock, build_tls_context(pair))

    async def __aenter__(self) -> Self:
        """Start: what callers may ask for is ready before the first of them is let in."""
        await self._content.open()
        await self._executions.open()
        await self._listener.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop; executions keep running."""
        self._endpoint.stop()
        self._content.close()
        await self._listener.stop()
        await self._files.close()
        await self._executions.close()


def list_limits(limits: Limits) -> dict[str, int]:
    """Return the limits that count something."""
    values = ((name, getattr(limits, name)) for name in limits.__struct_fields__)
    return {name: value for name, value in values if isinstance(value, int)}
