# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
import dataclasses
import hashlib
from pathlib import Path
from typing import Protocol

import pytest
from manual_clock import ManualClock

from agent_runner.protocol import errors as rpc
from api.agents import errors
from api.agents.memory import MemoryAgent
from api.bundles.errors import BundleNotFoundError
from api.executions.service import Task
from api.hosts.targets import HostView
from api.runs.orders import Order
from api.runs.rollout.schemas import Rollout
from api.workflows.briefing import Briefing
from api.workflows.bundle_sender import BundleSender
from api.workflows.errors import AgentLostError, ExecutionEndedError, ExecutionHeldError
from api.workflows.patience import PatientAgent
from api.workflows.starting import Starter

CONTENT = bytes(range(256)) * 4096
DIGEST = hashlib.sha256(CONTENT).hexdigest()

COMMAND = Order(kind="command", name="echo", spec={"command": ["echo", "hi"]}, timeout_s=5.0)
PLAYBOOK = Order(
    kind="playbook",
    name="site.yml",
    spec={
        "playbook": "site.yml",
        "check": True,
        "diff": False,
        "tags": ["a"],
        "skip_tags": [],
        "verbosity": 2,
    },
    secrets={"extra_vars": {"x": 1}},
    bundle_digest=DIGEST,
)


class Start(Protocol):
    """Starts an order."""

    async def __call__(self, order: Order, *, is_canceled: bool = False) -> None:
        """Start it, where somebody may have canceled it."""
        ...


@pytest.fixture
def start(patient: PatientAgent, task: Task, tmp_path: Path) -> Start:
    """Return a function that starts an order."""
    archive = tmp_path / "bundle"
    archive.write_bytes(CONTENT)

    def find_archive(digest: str) -> Path:
        if digest != DIGEST:
            raise BundleNotFoundError.of(digest)
        return archive

    canceled = asyncio.Event()

    async def starting(order: Order, *, is_canceled: bool = False) -> None:
        if is_canceled:
            canceled.set()
        starter = Starter(BundleSender(find_archive, lambda digest: f"signed {digest}"))
        pending = dataclasses.replace(task, status="pending")
        briefing = Briefing(pending, order, None, HostView({"all": {}}))
        await starter.start(patient, briefing, canceled)

    return starting


async def test_a_command_starts_with_the_executions_id(
    start: Start, agent: MemoryAgent, task: Task
) -> None:
    """The agent gets the argument vector, the limit of time, and our id as its command_id."""
    await start(COMMAND)

    params = agent.executions[task.id].params
    assert (params.command, params.args, params.timeout) == ("echo", ["hi"], 5.0)


async def test_a_playbook_is_warm_unless_it_is_not_wanted(
    start: Start, agent: MemoryAgent, task: Task
) -> None:
    """An order that is older than the choice, or does not choose, leaves it to the host."""
    await start(PLAYBOOK)
    assert agent.executions[task.id].params.warm

    agent.executions.clear()
    await start(dataclasses.replace(PLAYBOOK, spec={**PLAYBOOK.spec, "warm": False}))
    assert not agent.executions[task.id].params.warm


async def test_the_account_is_passed_on(start: Start, agent: MemoryAgent, task: Task) -> None:
    """A command and a script run as the account that was asked for."""
    spec = {"script": {"name": "job", "content": "id"}, "args": [], "user": "www-data"}
    await start(Order(kind="script", name="job", spec=spec))

    assert agent.executions[task.id].params.user == "www-data"


async def test_a_refusal_of_the_host_is_told(start: Start, agent: MemoryAgent) -> None:
    """What the host's policy forbids ends the execution with the rule that the host names."""
    agent.failures = [rpc.PolicyRefusedError("rule 'no-reboot' forbids it", {"rule": "no-reboot"})]
    with pytest.raises(ExecutionEndedError) as caught:
        await start(COMMAND)

    assert caught.value.end.reason_code == "agent_refused"
    assert "no-reboot" in caught.value.end.reason


async def test_a_missing_bundle_is_sent_first(start: Start, agent: MemoryAgent, task: Task) -> None:
    """A host without the content gets it in pieces, then the start is repeated."""
    await start(PLAYBOOK)

    assert bytes(agent.bundles[DIGEST]) == CONTENT
    params = agent.executions[task.id].params
    assert (params.playbook, params.check, params.tags, params.verbosity) == (
        "site.yml",
        True,
        ["a"],
        2,
    )
    assert params.extra_vars == {"x": 1}


async def test_a_half_sent_bundle_is_continued(start: Start, agent: MemoryAgent) -> None:
    """What the host has of a bundle is not sent again."""
    agent.bundles[DIGEST] = bytearray(CONTENT[:800_000])

    await start(PLAYBOOK)

    assert bytes(agent.bundles[DIGEST]) == CONTENT
    assert agent.calls.count("put_bundle") == 2


async def test_a_busy_agent_is_waited_for(start: Start, agent: MemoryAgent) -> None:
    """An agent at a limit of its own starts nothing now, and what it says is told."""
    agent.failures.append(rpc.BusyError("this host runs 8 executions"))

    with pytest.raises(ExecutionHeldError) as caught:
        await start(COMMAND)

    assert caught.value.hold.code == "busy"
    assert "this host runs 8 executions" in caught.value.hold.reason


async def test_an_unreachable_host_is_waited_for_if_asked(start: Start, agent: MemoryAgent) -> None:
    """A run that waits for offline hosts gets nothing started, and no end."""
    agent.reachable = False

    with pytest.raises(ExecutionHeldError) as caught:
        await start(dataclasses.replace(COMMAND, rollout=Rollout(offline="wait")))

    assert caught.value.hold.code == "offline"


@pytest.mark.parametrize(
    ("failure", "reason_code"),
    [
        (errors.AgentAuthError("no"), "auth_failed"),
        (errors.AgentPathError("no"), "auth_failed"),
        (errors.CertificateMismatchError("no"), "auth_failed"),
        (errors.AgentRefusedError("no"), "agent_refused"),
        (rpc.PolicyRefusedError("no"), "agent_refused"),
        (rpc.BundleRejectedError("no"), "bundle_rejected"),
        (rpc.DiskFullError("no"), "disk_full"),
    ],
)
async def test_a_refused_start_ends_with_its_reason(
    start: Start, agent: MemoryAgent, failure: Exception, reason_code: str
) -> None:
    """What the agent refuses ends the execution with the agent's words."""
    agent.failures.append(failure)

    with pytest.raises(ExecutionEndedError) as caught:
        await start(COMMAND)

    assert (caught.value.end.status, caught.value.end.reason_code) == ("failed", reason_code)
    assert "no" in caught.value.end.reason
    assert not caught.value.end.started


async def test_an_unreachable_host_ends_after_the_retries(
    start: Start, agent: MemoryAgent, clock: ManualClock
) -> None:
    """Where nothing can have begun, the execution ends as unreachable after the retries."""
    agent.reachable = False

    with pytest.raises(ExecutionEndedError) as caught:
        await start(COMMAND)

    assert caught.value.end.reason_code == "unreachable"
    assert clock.slept == [1.0, 2.0, 4.0]


async def test_a_host_that_has_gone_silent_is_unreachable_and_not_lost(
    start: Start, agent: MemoryAgent
) -> None:
    """A connection that swallows requests is found out before the start is sent into it."""
    agent.failures += [_make_timeout() for _ in range(4)]

    with pytest.raises(ExecutionEndedError) as caught:
        await start(COMMAND)

    assert (caught.value.end.status, caught.value.end.reason_code) == ("failed", "unreachable")
    assert "execute_command" not in agent.calls


async def test_a_start_that_may_have_arrived_is_repeated(
    start: Start, agent: MemoryAgent, task: Task
) -> None:
    """After a timeout nobody knows whether it began, so the start is repeated until it is known."""
    failures: list[Exception] = [_make_timeout() for _ in range(10)]
    agent.failures_of["execute_command"] = failures

    await start(COMMAND)

    assert task.id in agent.executions


async def test_a_start_that_may_have_arrived_is_lost_after_the_bound(
    start: Start, agent: MemoryAgent
) -> None:
    """If the agent stays silent after a start that may have arrived, the execution is lost."""
    failures: list[Exception] = [errors.AgentUnreachableError() for _ in range(1000)]
    agent.failures_of["execute_command"] = [_make_timeout(), *failures]

    with pytest.raises(AgentLostError):
        await start(COMMAND)


async def test_a_cancel_ends_the_tries_to_start(
    start: Start, agent: MemoryAgent, clock: ManualClock
) -> None:
    """Somebody who cancels does not wait for the retries to an unreachable host."""
    agent.reachable = False

    with pytest.raises(ExecutionEndedError) as caught:
        await start(COMMAND, is_canceled=True)

    assert caught.value.end.status == "canceled"
    assert clock.slept == []


async def test_a_bundle_that_is_gone_ends_the_execution(start: Start) -> None:
    """Content that the control plane has no more is a reason of its own."""
    gone = dataclasses.replace(PLAYBOOK, bundle_digest="0" * 64)

    with pytest.raises(ExecutionEndedError) as caught:
        await start(gone)

    assert caught.value.end.reason_code == "bundle_rejected"


def _make_timeout() -> errors.AgentTimeoutError:
    """Make the failure of a request that may have arrived."""
    failure = errors.AgentTimeoutError()
    failure.maybe_delivered = True
    return failure
