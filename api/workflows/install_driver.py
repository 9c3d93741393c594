# SPDX-License-Identifier: GPL-3.0-or-later
"""How is an agent installed or removed as an execution? Its log is the installer's progress.

Every step may be repeated, so an install that a crash interrupted simply begins again.
"""

import asyncio
from typing import Protocol

from agent_runner.protocol.errors import RpcError
from agent_runner.protocol.methods import NoParams
from api.agents.calls import HEALTH_CHECK, AgentCalls, Endpoint
from api.agents.errors import AgentError
from api.agents.install.errors import InstallError
from api.agents.install.targets import AgentConfig, InstalledAgent, InstallTarget, Progress
from api.core.clock import Clock
from api.core.errors import MyxError
from api.executions.service import End, Task
from api.hosts.targets import InstallPlan, InstallRecord
from api.runs.orders import Order
from api.workflows.briefing import Briefing
from api.workflows.recorder import Recorder
from api.workflows.work import OpenWork

CHECK_INTERVAL_S = 3.0
"""How often an agent that was just installed is asked whether it is there."""

PROGRESS_INTERVAL_S = 10.0
"""How often a line says that we still wait."""


class HostInstaller(Protocol):
    """Installs and removes agents over SSH."""

    async def install(self, target: InstallTarget, progress: Progress) -> InstalledAgent:
        """Bring the agent to the host; raises ``InstallError``."""
        ...

    async def uninstall(self, target: InstallTarget, progress: Progress) -> None:
        """Remove the agent from the host; raises ``InstallError``."""
        ...


class InstallDriver:
    """Drives executions that install or remove agents; one for the whole process."""

    def __init__(
        self,
        open_work: OpenWork,
        installer: HostInstaller,
        calls: AgentCalls,
        recorder: Recorder,
        clock: Clock,
    ) -> None:
        self._open_work = open_work
        self._installer = installer
        self._calls = calls
        self._recorder = recorder
        self._clock = clock

    async def drive(self, briefing: Briefing, canceled: asyncio.Event) -> End:
        """Install or remove the agent and return how that ended."""
        working = asyncio.ensure_future(self._work(briefing.task, briefing.order))
        asked = asyncio.ensure_future(canceled.wait())
        try:
            await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                return End("canceled", "canceled", "Canceled; it can be repeated at any time.")
            return working.result()
        finally:
            asked.cancel()
            working.cancel()
            await asyncio.gather(working, asked, return_exceptions=True)

    async def acknowledge(self, _briefing: Briefing) -> bool:
        """Tell nobody: all that is known of it lies here."""
        return True

    async def _work(self, task: Task, order: Order) -> End:
        lines = _LineLog(self._recorder, task)
        try:
            async with self._open_work() as work:
                [plan] = await work.host_agents.prepare_install([task.host_name])
            target = _build_target(plan, order)
            if order.kind == "uninstall":
                return await self._uninstall(plan, target, order, lines.write)
            return await self._install(plan, target, order, lines.write)
        except InstallError as error:
            await lines.write(error.message)
            return End("failed", error.reason_code, error.message)  # type: ignore[arg-type]
        except MyxError as error:
            await lines.write(error.message)
            return End("failed", "install_failed", error.message)

    async def _install(
        self, plan: InstallPlan, target: InstallTarget, order: Order, progress: Progress
    ) -> End:
        installed = await self._installer.install(target, progress)
        version = await self._wait_for_agent(
            _build_endpoint(target, installed), order.spec["timeout_s"], progress
        )
        record = InstallRecord(
            installed.cert_fingerprint, version, installed.host_key, plan.identity
        )
        async with self._open_work() as work:
            await work.host_agents.record_install(
                plan.host_id,
                record,
                forget_ssh_credentials=order.spec["forget_ssh_credentials"],
            )
        await progress(f"The agent {version} answers on port {target.config.rpc_port}.")
        return End("successful", "completed", f"Agent {version} is installed and answers.", 0)

    async def _uninstall(
        self, plan: InstallPlan, target: InstallTarget, order: Order, progress: Progress
    ) -> End:
        await self._installer.uninstall(target, progress)
        async with self._open_work() as work:
            await work.host_agents.record_uninstall(plan.host_id)
            if order.spec["remove"]:
                await work.hosts.delete_host(plan.name)
        await progress("The agent is removed.")
        return End("successful", "completed", "The agent is removed.", 0)

    async def _wait_for_agent(
        self, endpoint: Endpoint, timeout_s: float, progress: Progress
    ) -> str:
        """Ask until the agent answers, and return its version.

        Raises:
            InstallError: it does not answer in time, with the last cause.
        """
        begun_at = said_at = self._clock.monotonic()
        while True:
            try:
                return (await self._calls.call(endpoint, HEALTH_CHECK, NoParams())).version
            except (AgentError, RpcError) as error:
                cause = error.message
            now = self._clock.monotonic()
            if now - begun_at >= timeout_s:
                raise InstallError(
                    f"{endpoint.host}: the agent is installed and did not answer within "
                    f"{timeout_s:g} s. {cause}"
                )
            if now - said_at >= PROGRESS_INTERVAL_S:
                said_at = now
                await progress(
                    f"Waiting for the agent, {now - begun_at:.0f} of {timeout_s:g} s: {cause}"
                )
            await self._clock.sleep(CHECK_INTERVAL_S)


class _LineLog:
    """Appends whole lines to the log of an execution."""

    def __init__(self, recorder: Recorder, task: Task) -> None:
        self._recorder = recorder
        self._task = task

    async def write(self, line: str) -> None:
        """Append one line."""
        size = await self._recorder.get_log_size(self._task)
        await self._recorder.append_log(self._task, size, "stdout", f"{line}\n".encode())


def _build_target(plan: InstallPlan, order: Order) -> InstallTarget:
    """Take what is stored of the host, and the credentials for this once where there are some."""
    once = order.secrets
    has_once = bool(once.get("private_key") or once.get("password"))
    return InstallTarget(
        name=plan.name,
        address=plan.address,
        ssh_user=order.spec["ssh_user"] or plan.ssh_user,
        ssh_port=plan.ssh_port,
        private_key=once.get("private_key") if has_once else plan.credentials.private_key,
        password=once.get("password") if has_once else plan.credentials.password,
        host_key=plan.host_key,
        accept_new_host_key=order.spec["accept_new_host_key"],
        config=AgentConfig(
            rpc_port=plan.identity.rpc_port,
            rpc_path=plan.identity.rpc_path,
            agent_token=plan.identity.agent_token,
            secret_key=plan.identity.secret_key,
        ),
    )


def _build_endpoint(target: InstallTarget, installed: InstalledAgent) -> Endpoint:
    return Endpoint(
        host=target.name,
        address=target.address,
        rpc_port=target.config.rpc_port,
        rpc_path=target.config.rpc_path,
        agent_token=target.config.agent_token,
        cert_fingerprint=installed.cert_fingerprint,
    )
