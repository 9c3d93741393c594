# SPDX-License-Identifier: GPL-3.0-or-later
"""How is an agent installed, upgraded and removed over SSH? The steps in their order.

The host is changed by the role ``myx.fleet.agent`` only, which runs on the host itself with the
Ansible of the agent bundle. So an install that failed or was cut off is repeated as it is.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from api.agents.install.bundle import AgentBundles
from api.agents.install.delivery import (
    NOT_DELIVERED,
    Delivery,
    deliver_bundle,
    find_installed,
)
from api.agents.install.errors import InstallError, RoleFailedError, SshUnreachableError
from api.agents.install.fitness import (
    NEEDED_FOR_VERSION_MB,
    NEEDED_MB,
    HostFacts,
    examine_host,
)
from api.agents.install.role_output import RoleOutput
from api.agents.install.root_shell import RootShell, become_root, follow
from api.agents.install.ssh import SshConnection, connect
from api.agents.install.targets import InstalledAgent, InstallTarget, Progress

APPLY_TIMEOUT_S = 1800.0
"""The longest that upload and role may take together."""

_AGENT = "/opt/myx-agent/current/bin/myx-agent"
_TRACES = "/opt/myx-agent /etc/myx-agent /etc/systemd/system/myx-agent.service"

Connect = Callable[[InstallTarget], Awaitable[SshConnection]]


class HostInstaller:
    """Installs and removes agents; one object serves any number of hosts at once."""

    def __init__(
        self, bundles: AgentBundles, bundle_public_key: str, connect: Connect = connect
    ) -> None:
        """Take what agents are made of, and the key with which they verify content."""
        self._bundles = bundles
        self._bundle_public_key = bundle_public_key
        self._connect = connect

    async def install(self, target: InstallTarget, progress: Progress) -> InstalledAgent:
        """Install the agent, or upgrade it in place.

        Raises:
            InstallError: names the cause and the remedy; nothing half-done remains.
        """
        async with await self._connect(target) as connection:
            await progress(f"Connected as {target.ssh_user}, host key {connection.key_fingerprint}")
            shell = await become_root(connection, target)
            facts = await self._examine(shell, target, port=target.config.rpc_port)
            await progress(
                f"Python {facts.python_version} on {facts.architecture}, "
                f"port {target.config.rpc_port} can be used"
            )
            if facts.lacks_python:
                await progress("The agent brings a Python of its own along")
            delivery = await self._prepare(shell, target, facts, progress)
            variables = _describe_agent(target) | {
                "agent_bundle_public_key": self._bundle_public_key
            }
            await _apply(shell, delivery, variables, target.name, progress)
            fingerprint = await _ask_agent(shell, "fingerprint")
            version = await _ask_agent(shell, "version")
        await progress(f"Agent {version} runs, certificate {fingerprint[:16]}...")
        return InstalledAgent(fingerprint, version, connection.host_key)

    async def uninstall(self, target: InstallTarget, progress: Progress) -> None:
        """Remove the agent with everything it runs and keeps; done already is fine.

        Raises:
            InstallError: names the cause and the remedy; it can be repeated.
        """
        async with await self._connect(target) as connection:
            await progress(f"Connected as {target.ssh_user}, host key {connection.key_fingerprint}")
            shell = await become_root(connection, target)
            if not (await shell.run(f"ls -d {_TRACES} 2>/dev/null")).stdout:
                await progress("There is no agent")
                return
            facts = await self._examine(shell, target)
            delivery = await find_installed(shell, facts.python, "current")
            if delivery is None:
                await progress("The installed agent is damaged; a new one removes it")
                delivery = await self._prepare(shell, target, facts, progress)
            await _apply(shell, delivery, {"agent_state": "absent"}, target.name, progress)
        await progress("The agent is removed")

    async def _prepare(
        self, shell: RootShell, target: InstallTarget, facts: HostFacts, progress: Progress
    ) -> Delivery:
        """Return how today's version applies the role; it is uploaded where the host lacks it."""
        bundle = await self._bundles.get_bundle(
            None if facts.lacks_python else facts.python_version, facts.architecture, progress
        )
        there = await find_installed(shell, facts.python, f"versions/{bundle.version_id}")
        if there is not None:
            return there
        await self._examine(shell, target, needed_mb=NEEDED_FOR_VERSION_MB)
        return await deliver_bundle(bundle, facts.python)

    async def _examine(
        self, shell: RootShell, target: InstallTarget, *, port: int = 0, needed_mb: int = NEEDED_MB
    ) -> HostFacts:
        return await examine_host(
            shell,
            self._bundles.role_dir,
            target.name,
            port=port,
            needed_mb=needed_mb,
            brings_python=self._bundles.have_python,
        )


def _describe_agent(target: InstallTarget) -> dict[str, Any]:
    """Return the role's variables."""
    return {
        "agent_rpc_port": target.config.rpc_port,
        "agent_rpc_path": target.config.rpc_path,
        "agent_token": target.config.agent_token,
        "agent_secret_key": target.config.secret_key,
        "agent_enrollment": False,
    }


async def _apply(
    shell: RootShell, delivery: Delivery, variables: dict[str, Any], host: str, progress: Progress
) -> None:
    """Let the role do its work on the host, and tell of each task."""
    output = RoleOutput()

    async def tell(line: str) -> None:
        if told := output.translate(line):
            await progress(told)

    try:
        async with asyncio.timeout(APPLY_TIMEOUT_S), shell.start(delivery.command) as process:
            if delivery.content:
                await delivery.send(process, progress)
                await progress("Installing the agent's packages")
            # The input stays open: when it ends, the host ends what was started and tidies up.
            await process.write(f"{json.dumps(variables)}\n".encode())
            status = await follow(process, tell)
    except TimeoutError as error:
        raise SshUnreachableError(
            f"The role did not end on {host} in {APPLY_TIMEOUT_S:.0f} s. Try again; the journal "
            "of the host may say what it waits for."
        ) from error
    said = " ".join(process.stderr.split())
    if status == NOT_DELIVERED:
        raise InstallError(f"The agent bundle cannot be unpacked on {host}: {said}. Try again.")
    if status:
        reason = output.failure or said or f"exit status {status}"
        raise RoleFailedError(f"The role myx.fleet.agent failed on {host}: {reason}")


async def _ask_agent(shell: RootShell, verb: str) -> str:
    done = await shell.run(f"{_AGENT} {verb}")
    if done.status:
        raise InstallError(f"'myx-agent {verb}' fails on the host: {done.stderr}. Install again.")
    return done.stdout
