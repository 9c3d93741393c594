# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the methods need from the rest of the agent?"""

from typing import Protocol

from agent_runner.protocol.credentials import RotateCredentialsParams, RotateCredentialsResult
from agent_runner.protocol.files import (
    GetFileParams,
    GetFileResult,
    PutFileParams,
    PutFileResult,
)
from agent_runner.protocol.methods import (
    AcknowledgeCommandParams,
    AcknowledgeCommandResult,
    CancelCommandParams,
    CancelCommandResult,
    ExecuteAnsibleParams,
    ExecuteCommandParams,
    GetCommandLogParams,
    GetCommandLogResult,
    GetEventsParams,
    GetEventsResult,
    Load,
    PutBundleParams,
    PutBundleResult,
    RunningExecution,
    StartResult,
    WarmStatus,
)


class ExecutionService(Protocol):
    """Starts, follows and ends executions."""

    async def start_command(self, params: ExecuteCommandParams) -> StartResult:
        """Start a command or script, or return the one with that id."""

    async def start_playbook(self, params: ExecuteAnsibleParams) -> StartResult:
        """Start a playbook, or return the one with that id."""

    async def read_log(self, params: GetCommandLogParams) -> GetCommandLogResult:
        """Read a piece of the log; may wait for one."""

    async def read_events(self, params: GetEventsParams) -> GetEventsResult:
        """Read events; may wait for one."""

    async def cancel(self, params: CancelCommandParams) -> CancelCommandResult:
        """Ask an execution to end."""

    async def acknowledge(self, params: AcknowledgeCommandParams) -> AcknowledgeCommandResult:
        """Note that the caller has stored everything."""

    def list_executions(self) -> list[RunningExecution]:
        """Return what has not ended or is not acknowledged."""

    def describe_warm(self) -> WarmStatus:
        """Return how playbooks are started."""


class ContentService(Protocol):
    """Receives content bundles."""

    async def receive(self, params: PutBundleParams) -> PutBundleResult:
        """Store a piece of a bundle."""


class FileService(Protocol):
    """Writes and reads files."""

    async def put(self, params: PutFileParams) -> PutFileResult:
        """Take a piece of a file."""

    async def get(self, params: GetFileParams) -> GetFileResult:
        """Return a piece of a file."""


class CredentialService(Protocol):
    """Changes what the control plane is known by."""

    async def rotate(self, params: RotateCredentialsParams) -> RotateCredentialsResult:
        """Take a new token and secret key beside the old ones."""


class Host(Protocol):
    """Facts about the machine."""

    hostname: str
    os: str
    kernel: str
    architecture: str
    python_version: str
    ansible_core_version: str

    def read_load(self) -> Load:
        """Measure how busy the machine is."""

    def read_uptime(self) -> float:
        """Return the seconds since this agent started."""
