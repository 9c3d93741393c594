# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the control plane meet an agent when somebody asks for it: status now, or enrolment?

An agent may take seconds to answer, so it is asked between two units of work, never inside one.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

import msgspec

from agent_runner.protocol.errors import RpcError
from agent_runner.protocol.methods import GetStatusResult, Message, NoParams, Result
from api.agents.calls import GET_STATUS, AgentCalls, Endpoint, Method
from api.agents.errors import AgentError
from api.audit.service import AuditService
from api.auth.scopes import EVERYTHING, Scope
from api.core.errors import MyxError
from api.hosts import schemas
from api.hosts.agents import HostAgentService
from api.hosts.bulk.enrollments import (
    EnrollmentReport,
    Enrollments,
    NamedEnrollment,
    NotEnrolled,
)
from api.hosts.errors import AgentFailedError, SigningKeyMismatchError
from api.hosts.targets import Contact

P = TypeVar("P", bound=Message)
R = TypeVar("R", bound=Result)


ASKED_AT_ONCE = 50
"""Agents that are asked at once where many are enrolled."""


class HostWork(Protocol):
    """A unit of work that has the hosts' agents in it."""

    @property
    def host_agents(self) -> HostAgentService:
        """The agents of the hosts."""
        ...

    @property
    def audit(self) -> AuditService:
        """The audit."""
        ...


class OpenHostWork(Protocol):
    """Opens a unit of work."""

    def __call__(
        self, *, read_only: bool = False, scope: Scope = EVERYTHING
    ) -> AbstractAsyncContextManager[HostWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class HostContacts:
    """Asks agents, and writes down what came of it; lives as long as the process."""

    def __init__(
        self,
        open_work: OpenHostWork,
        agents: AgentCalls,
        signing_key: str | None = None,
        notify: Callable[[Sequence[int]], None] = lambda _host_ids: None,
    ) -> None:
        """Take how agents are called, and the public key with which content is signed here.

        ``notify`` is told of the hosts, by id, of which something was heard.
        """
        self._open_work = open_work
        self._agents = agents
        self._signing_key = signing_key
        self._notify = notify

    async def get_status(self, name: str, scope: Scope) -> schemas.HostStatus:
        """Ask the host's agent how the host is, now.

        Raises:
            HostNotFoundError: there is no such host within the scope.
            AgentNotInstalledError: it has no agent.
            AgentError: the agent cannot be reached.
            AgentFailedError: the agent answered with an error.
        """
        async with self._open_work(read_only=True, scope=scope) as work:
            host_id, endpoint = await work.host_agents.find_endpoint(name)
        try:
            status = await self._call(endpoint, GET_STATUS, NoParams())
        except AgentError as error:
            await self._record(Contact(host_id, version=None, error=error.message))
            raise
        await self._record(Contact(host_id, version=status.version))
        self._notify([host_id])
        return schemas.HostStatus.model_validate(msgspec.to_builtins(status))

    async def enroll(self, name: str, body: schemas.Enrollment) -> schemas.Host:
        """Take over an agent that runs already, once it has answered under its certificate.

        Raises:
            AgentError: the agent cannot be reached, or is another one than the body says.
            AgentFailedError: the agent answered with an error.
            SigningKeyMismatchError: it would refuse the content of this control plane.
        """
        version = (await self._ask(name, body)).version
        async with self._open_work() as work:
            host = await work.host_agents.enroll_host(name, body, version)
            # With the change itself: by itself it would be a commit more.
            await work.audit.record("enroll_host", "hosts", name, {"address": body.address})
        return host

    async def enroll_all(self, body: Enrollments) -> EnrollmentReport:
        """Take over the agents of many hosts: those that answer, in one go."""
        limit = asyncio.Semaphore(ASKED_AT_ONCE)

        async def ask(host: NamedEnrollment) -> str | MyxError:
            async with limit:
                try:
                    return (await self._ask(host.name, host)).version
                except MyxError as error:
                    return error

        found = zip(body.hosts, await asyncio.gather(*map(ask, body.hosts)), strict=True)
        answered: list[tuple[str, schemas.Enrollment, str]] = []
        failed: list[NotEnrolled] = []
        async with self._open_work() as work:
            for host, answer in found:
                if isinstance(answer, MyxError):
                    failed.append(
                        NotEnrolled(name=host.name, code=answer.code, message=answer.message)
                    )
                    continue
                answered.append((host.name, host, answer))
            await work.host_agents.enroll_hosts(answered)
            counts = {"enrolled": len(answered), "failed": len(failed)}
            await work.audit.record("enroll_hosts", "hosts", "", counts)
        return EnrollmentReport(enrolled=[name for name, _, _ in answered], failed=failed)

    async def _ask(self, name: str, body: schemas.Enrollment) -> GetStatusResult:
        """Ask an agent that is to be taken over how it is; raises as ``enroll``."""
        endpoint = Endpoint(
            host=name,
            address=body.address,
            rpc_port=body.rpc_port,
            rpc_path=body.rpc_path,
            agent_token=body.agent_token.get_secret_value(),
            cert_fingerprint=body.cert_fingerprint,
        )
        status = await self._call(endpoint, GET_STATUS, NoParams())
        self._check_signing_key(name, status)
        return status

    def _check_signing_key(self, name: str, status: GetStatusResult) -> None:
        """Refuse an agent that would refuse every bundle of this control plane."""
        trusted, own = status.bundle_public_key, self._signing_key
        is_strict = status.bundle_signatures == "required"
        if is_strict and trusted is not None and own is not None and trusted != own:
            raise SigningKeyMismatchError.of(name, trusted, own)

    async def _call(self, endpoint: Endpoint, method: Method[P, R], params: P) -> R:
        try:
            return await self._agents.call(endpoint, method, params)
        except RpcError as error:
            raise AgentFailedError(
                f"The agent of {endpoint.host} answers: {error.message}. "
                "'journalctl -u myx-agent' on the host says more."
            ) from error

    async def _record(self, contact: Contact) -> None:
        async with self._open_work() as work:
            await work.host_agents.record_contacts([contact])
