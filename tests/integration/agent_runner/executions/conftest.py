# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with real executions: real supervisors, real programs, a spool of its own."""

import asyncio
import hashlib
import os
import select
import signal
import time
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent_runner.config import Limits
from agent_runner.executions import Executions, Ways
from agent_runner.executions.folder import Folder
from agent_runner.executions.processes import list_marked
from agent_runner.executions.rotation.aging import read_uptime
from agent_runner.executions.unkept.idling import IDLE_S
from agent_runner.protocol import methods as wire
from agent_runner.protocol.errors import BundleMissingError, NotStartedError
from agent_runner.protocol.pieces import decode_piece

PATIENCE_S = 60.0
"""How long a test waits for what must happen before it fails."""

HOST_NAME = "web1"


@dataclass
class Followed:
    """All that a reader got of one execution."""

    result: wire.ExecutionResult
    data: bytes = b""
    stdout: bytes = b""
    stderr: bytes = b""
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The log as text."""
        return self.data.decode()


class Host:
    """The executions of one host, as an agent has them; it can be restarted."""

    def __init__(self, folder: Path, limits: Limits, *, warm: bool = False) -> None:
        self.state = folder / "state"
        self.spool = self.state / "executions"
        self.policy = folder / "policy.json"
        self.bundles = folder / "bundles"
        self.bundles.mkdir(exist_ok=True)
        self.limits = limits
        self.in_scopes = False
        self.warm = warm
        self.unkept_idle_s = IDLE_S
        self.used_bundles: list[Collection[str]] = []
        self.read_clock: Callable[[], float] = time.time
        self.read_uptime: Callable[[], float] = read_uptime
        self.executions = self._make()

    async def restart(self) -> None:
        """Replace the agent by another one, as after a crash or an upgrade."""
        await self.executions.close()
        self.executions = self._make()
        await self.executions.open()

    def folder(self, command_id: str) -> Folder:
        """Return the spool folder of an execution."""
        return Folder(self.spool / command_id)

    async def run(self, command_id: str, *argv: str, **params: Any) -> wire.StartResult:
        """Start a command."""
        command, *args = argv
        return await self.executions.start_command(
            wire.ExecuteCommandParams(command_id=command_id, command=command, args=args, **params)
        )

    async def run_script(
        self, command_id: str, content: str, *args: str, **params: Any
    ) -> wire.StartResult:
        """Start a script."""
        return await self.executions.start_command(
            wire.ExecuteCommandParams(
                command_id=command_id,
                command="script",
                args=list(args),
                script=wire.Script(name="the-script", content=content),
                **params,
            )
        )

    def unkept_folder(self, command_id: str) -> Folder:
        """Return the folder of a command that is not kept."""
        return Folder(self.state / "unkept" / command_id)

    def make_bundle(self, files: dict[str, str]) -> str:
        """Lay out content and return its digest."""
        digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
        for name, text in files.items():
            path = self.bundles / digest / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return digest

    async def play(
        self, command_id: str, text: str, *, files: dict[str, str] | None = None, **params: Any
    ) -> wire.StartResult:
        """Start a playbook, given as its text, with other files of the content beside it."""
        bundle = self.make_bundle({"playbooks/site.yml": text, **(files or {})})
        defaults = {
            "playbook": "playbooks/site.yml",
            "bundle": bundle,
            "inventory": {"all": {"hosts": {HOST_NAME: {}}}},
            "inventory_hostname": HOST_NAME,
        }
        return await self.executions.start_playbook(
            wire.ExecuteAnsibleParams(command_id=command_id, **{**defaults, **params})
        )

    async def read(self, command_id: str, offset: int = 0, **params: Any) -> Any:
        """Read one piece; wait for it."""
        return await self.executions.read_log(
            wire.GetCommandLogParams(
                command_id=command_id, offset=offset, **{"wait_s": PATIENCE_S / 2, **params}
            )
        )

    async def follow(self, command_id: str, **params: Any) -> Followed:
        """Read a log to its end, and the events after it."""
        data, parts, offset = b"", {"stdout": b"", "stderr": b""}, 0
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    answer = await self.read(command_id, offset, **params)
                except NotStartedError:
                    continue
                assert answer.offset == offset <= answer.new_offset <= answer.size
                piece = decode_piece(answer.log_data, answer.encoding)
                assert len(piece) == answer.new_offset - offset
                data, offset = data + piece, answer.new_offset
                parts[answer.log_type] += piece
                if answer.is_final:
                    break
        assert answer.result is not None
        events = await self.read_all_events(command_id)
        return Followed(answer.result, data, parts["stdout"], parts["stderr"], events)

    async def read_all_events(self, command_id: str, limit: int = 7) -> list[dict[str, Any]]:
        """Read events in small answers until they are final."""
        events: list[dict[str, Any]] = []
        while True:
            answer = await self.executions.read_events(
                wire.GetEventsParams(
                    command_id=command_id, after=len(events), limit=limit, wait_s=PATIENCE_S / 2
                )
            )
            events += answer.events
            assert answer.last == len(events)
            if answer.is_final:
                return events

    async def wait_for(self, command_id: str, text: bytes) -> None:
        """Return when the log holds a text."""
        data = b""
        async with asyncio.timeout(PATIENCE_S):
            while text not in data:
                try:
                    answer = await self.read(command_id, len(data))
                except NotStartedError:
                    continue
                data += decode_piece(answer.log_data, answer.encoding)
                assert text in data or not answer.is_final, (data, answer)

    async def cancel(self, command_id: str) -> wire.CancelCommandResult:
        """Ask for the end of an execution."""
        return await self.executions.cancel(wire.CancelCommandParams(command_id=command_id))

    def supervisor_pid(self, command_id: str) -> int:
        """Return the pid of the supervisor."""
        return int(self.folder(command_id).lock.read_bytes())

    def kill_supervisor(self, command_id: str) -> None:
        """Kill the supervisor while there is no agent, and return when it is gone."""
        pid = self.supervisor_pid(command_id)
        pidfd = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        select.select([pidfd], [], [], PATIENCE_S)
        os.close(pidfd)

    async def get_nursery(self, former: int | None = None) -> int:
        """Return the pid of what supervisors are forked from, when it is another than before."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                pid = self.executions._supervisors.nursery.pid
                if pid not in {None, former}:
                    return int(pid)
                await asyncio.sleep(0.01)

    async def get_warm(self, former: int | None = None) -> int:
        """Return the pid of what playbooks are forked from, when it is another than before."""
        pool = self.executions._supervisors.warm
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for place in pool._places.values():
                    if place.is_ready and place.resident.pid != former:
                        return int(place.resident.pid)
                await asyncio.sleep(0.01)

    def survivors(self, command_id: str) -> list[int]:
        """Return the processes of an execution that still run."""
        return [process.pid for process in list_marked(self.folder(command_id).path)]

    def _make(self) -> Executions:
        return Executions(
            state_dir=self.state,
            policy_path=self.policy,
            resolve_bundle=self._resolve,
            trim_bundles=self.used_bundles.append,
            limits=self.limits,
            ways=Ways(self.in_scopes, self.warm, unkept_idle_s=self.unkept_idle_s),
            clock=self.read_clock,
            uptime=self.read_uptime,
        )

    def _resolve(self, digest: str) -> Path:
        path = self.bundles / digest
        if not path.is_dir():
            raise BundleMissingError
        return path


@pytest.fixture
def limits() -> Limits:
    """Return the host's limits; a test may ask for others through ``make_host``."""
    return Limits(min_free_disk_bytes=0, cancel_grace_s=0.5)


@pytest.fixture
async def make_host(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Make hosts with limits of their own, and leave no process of theirs behind."""
    hosts: list[Host] = []

    async def make(limits: Limits, name: str = "host", *, warm: bool = False) -> Host:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        host = Host(folder, limits, warm=warm)
        hosts.append(host)
        await host.executions.open()
        return host

    yield make
    for host in hosts:
        for running in host.executions.list_executions():
            if running.finished_at is None:
                await host.cancel(running.command_id)
                await host.follow(running.command_id)
        await host.executions.close()
    _reap_supervisors()


@pytest.fixture
async def host(make_host: Callable[..., Any], limits: Limits) -> Host:
    """Return a host."""
    made: Host = await make_host(limits)
    return made


def _reap_supervisors() -> None:
    """Collect the supervisors that a closed agent has left: they are this process's children."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


@pytest.fixture
async def warm_host(make_host: Callable[..., Any], limits: Limits) -> Host:
    """Return a host that forks playbooks from a process that has loaded Ansible."""
    made: Host = await make_host(limits, "warm", warm=True)
    return made
