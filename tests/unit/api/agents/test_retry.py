# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio

import pytest
from manual_clock import ManualClock
from structlog.testing import capture_logs

from agent_runner.protocol.errors import BusyError, InternalError
from agent_runner.protocol.methods import NoParams
from api.agents import errors
from api.agents.calls import HEALTH_CHECK
from api.agents.memory import MemoryAgent, MemoryAgents
from api.agents.retry import RetryingCalls


def delivered(error: errors.AgentError) -> errors.AgentError:
    """Mark an error as one of a call that may have arrived."""
    error.maybe_delivered = True
    return error


@pytest.fixture
def calls(agents: MemoryAgents, clock: ManualClock) -> RetryingCalls:
    """Return the calls under test."""
    return RetryingCalls(agents, clock)


@pytest.mark.parametrize(
    "failure",
    [
        errors.AgentUnreachableError,
        errors.AgentTimeoutError,
        errors.AgentTlsError,
        errors.AgentFaultError,
    ],
)
async def test_what_may_pass_is_tried_again(
    calls: RetryingCalls, agent: MemoryAgent, clock: ManualClock, failure: type[Exception]
) -> None:
    """A connection failure, timeout, failed handshake or 5xx is tried again after 1, 2 and 4 s."""
    agent.failures += [failure(), failure(), failure()]

    result = await calls.call(agent.endpoint, HEALTH_CHECK, NoParams())

    assert result.status == "ok"
    assert clock.slept == [1.0, 2.0, 4.0]


async def test_the_fourth_failure_is_raised(
    calls: RetryingCalls, agent: MemoryAgent, clock: ManualClock
) -> None:
    """After three retries the last failure is the caller's."""
    agent.failures += [errors.AgentUnreachableError() for _ in range(4)]

    with pytest.raises(errors.AgentUnreachableError):
        await calls.call(agent.endpoint, HEALTH_CHECK, NoParams())

    assert len(clock.slept) == 3


@pytest.mark.parametrize(
    "failure",
    [
        errors.AgentAuthError,
        errors.AgentPathError,
        errors.AgentRefusedError,
        errors.AgentAnswerError,
        errors.CertificateMismatchError,
        BusyError,
        InternalError,
    ],
)
async def test_what_stays_is_not_tried_again(
    calls: RetryingCalls, agent: MemoryAgent, clock: ManualClock, failure: type[Exception]
) -> None:
    """401, 404, other 4xx, another certificate and the agent's own errors are raised at once."""
    agent.failures.append(failure())

    with pytest.raises(failure):
        await calls.call(agent.endpoint, HEALTH_CHECK, NoParams())

    assert clock.slept == []


async def test_each_retry_is_logged(calls: RetryingCalls, agent: MemoryAgent) -> None:
    """A retry's log line has its number, the cause and the wait."""
    agent.failures += [errors.AgentUnreachableError("down"), errors.AgentUnreachableError("down")]

    with capture_logs() as logs:
        await calls.call(agent.endpoint, HEALTH_CHECK, NoParams())

    assert [(line["retry"], line["cause"], line["wait_s"]) for line in logs] == [
        (1, "down", 1.0),
        (2, "down", 2.0),
    ]


async def test_one_delivered_attempt_is_remembered(
    calls: RetryingCalls, agent: MemoryAgent
) -> None:
    """The raised error says that one of the attempts may have arrived, even if not the last."""
    agent.failures += [
        delivered(errors.AgentTimeoutError()),
        *(errors.AgentUnreachableError() for _ in range(3)),
    ]

    with pytest.raises(errors.AgentUnreachableError) as caught:
        await calls.call(agent.endpoint, HEALTH_CHECK, NoParams())

    assert caught.value.maybe_delivered


async def test_giving_up_ends_the_retries(calls: RetryingCalls, agent: MemoryAgent) -> None:
    """Once the caller gives up there is no further attempt."""
    agent.failures += [errors.AgentUnreachableError() for _ in range(4)]
    give_up = asyncio.Event()
    give_up.set()

    with pytest.raises(errors.AgentUnreachableError):
        await calls.call(agent.endpoint, HEALTH_CHECK, NoParams(), give_up)

    assert agent.calls == ["health_check"]
