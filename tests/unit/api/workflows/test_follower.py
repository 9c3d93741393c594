# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from manual_clock import ManualClock
from memory_recorder import MemoryRecorder

from agent_runner.protocol import errors as rpc
from agent_runner.protocol.methods import ExecuteCommandParams
from api.agents import errors
from api.agents.calls import EXECUTE_COMMAND
from api.agents.memory import MemoryAgent, MemoryExecution, Program
from api.executions.service import Task
from api.workflows.errors import AgentLostError
from api.workflows.follower import Follower
from api.workflows.patience import PatientAgent

Begin = Callable[[Program], Awaitable[None]]


@pytest.fixture
def follower(
    patient: PatientAgent, recorder: MemoryRecorder, clock: ManualClock, task: Task
) -> Follower:
    """Return the follower of the task."""
    return Follower(patient, recorder, clock, task)


@pytest.fixture
def begin(patient: PatientAgent, agent: MemoryAgent, task: Task) -> Begin:
    """Return a function that starts the task with a program."""

    async def start(program: Program) -> None:
        agent.program = program
        params = ExecuteCommandParams(command="x", command_id=task.id)
        await patient.try_call(EXECUTE_COMMAND, params)

    return start


@pytest.fixture
def begin_long_ago(begin: Begin, agent: MemoryAgent) -> Begin:
    """Return a function that starts the task with a program, and returns when it has ended."""

    async def start(program: Program) -> None:
        await begin(program)
        await asyncio.gather(*agent.tasks)

    return start


async def test_log_and_events_are_carried_home(
    follower: Follower, begin: Begin, recorder: MemoryRecorder, task: Task
) -> None:
    """Both types of the log arrive in order and byte for byte, then all events, then the result."""

    async def program(execution: MemoryExecution) -> int:
        await execution.write(b"one\n")
        await execution.write(b"bad \xff\xfe\n", "stderr")
        await execution.write("gr\u00fcn\n".encode())
        await execution.emit("runner_on_ok")
        await execution.emit("playbook_on_stats")
        return 0

    await begin(program)
    result = await follower.follow(has_events=True)

    assert result.state == "successful"
    assert await recorder.read(task) == [
        ("stdout", b"one\n"),
        ("stderr", b"bad \xff\xfe\n"),
        ("stdout", "gr\u00fcn\n".encode()),
    ]
    assert [event["counter"] for event in recorder.events] == [1, 2]


async def test_a_new_byte_arrives_at_once(
    follower: Follower, begin: Begin, recorder: MemoryRecorder
) -> None:
    """What the execution writes while it is followed is stored when it is written."""
    go_on = asyncio.Event()

    async def program(execution: MemoryExecution) -> int:
        await execution.write(b"early\n")
        await go_on.wait()
        await execution.write(b"late\n")
        return 0

    await begin(program)
    following = asyncio.create_task(follower.follow(has_events=False))
    await recorder.grown.wait()
    go_on.set()

    assert (await following).log_bytes == len("early\nlate\n")


async def test_events_arrive_while_the_log_is_quiet(
    follower: Follower, begin: Begin, recorder: MemoryRecorder
) -> None:
    """The events behind the last output are stored although no further output comes."""
    recorder.awaited = True
    go_on = asyncio.Event()

    async def program(execution: MemoryExecution) -> int:
        await execution.write(b"a task has ended\n")
        await execution.emit("runner_on_ok")
        await go_on.wait()
        return 0

    await begin(program)
    following = asyncio.create_task(follower.follow(has_events=True))
    await recorder.told.wait()
    assert not following.done()
    go_on.set()
    await following


async def test_events_are_fetched_seldom_where_nobody_waits_for_them(
    follower: Follower, begin: Begin, recorder: MemoryRecorder, clock: ManualClock, task: Task
) -> None:
    """A second after output they are left where they are; after two they are stored."""
    go_on = asyncio.Event()

    async def program(execution: MemoryExecution) -> int:
        await execution.emit("runner_on_ok")
        await execution.write(b"one\n")
        await clock.sleep(1)
        await execution.write(b"two\n")
        await go_on.wait()
        await clock.sleep(1)
        await execution.write(b"three\n")
        await recorder.told.wait()
        return 0

    await begin(program)
    following = asyncio.create_task(follower.follow(has_events=True))
    while await recorder.get_log_size(task) < len("one\ntwo\n"):
        await recorder.grown.wait()
        recorder.grown.clear()
    assert not recorder.events
    go_on.set()
    await following
    assert recorder.events


async def test_it_goes_on_where_the_copy_ends(
    follower: Follower, begin_long_ago: Begin, recorder: MemoryRecorder, task: Task
) -> None:
    """After a crash only what is missing is asked for and nothing is stored twice."""
    await recorder.logs.append(task.id, 0, "stdout", b"one\n")

    async def program(execution: MemoryExecution) -> int:
        await execution.write(b"one\n")
        await execution.write(b"two\n")
        return 0

    await begin_long_ago(program)
    await follower.follow(has_events=False)

    assert await recorder.read(task) == [("stdout", b"one\ntwo\n")]


async def test_a_host_that_lost_its_power_may_have_less_of_the_log(
    follower: Follower, begin_long_ago: Begin, recorder: MemoryRecorder, task: Task
) -> None:
    """What a host has forgotten of an execution that is over stays stored; its end is known."""
    await recorder.logs.append(task.id, 0, "stdout", b"one\ntwo\n")

    async def program(execution: MemoryExecution) -> None:
        await execution.write(b"one\n")
        await execution.end(None, "lost")

    await begin_long_ago(program)
    result = await follower.follow(has_events=True)

    assert result.state == "lost"
    assert await recorder.read(task) == [("stdout", b"one\ntwo\n")]


async def test_a_log_that_goes_on_from_less_than_is_stored_is_an_error(
    follower: Follower, begin_long_ago: Begin, recorder: MemoryRecorder, task: Task
) -> None:
    """Bytes that would follow others than the stored ones are not mixed with them."""
    await recorder.logs.append(task.id, 0, "stdout", b"one\ntwo\n")

    async def program(execution: MemoryExecution) -> None:
        await execution.write(b"one\n")

    await begin_long_ago(program)
    with pytest.raises(rpc.InvalidParamsError):
        await follower.follow(has_events=False)


async def test_a_silent_agent_is_waited_for(
    follower: Follower, begin: Begin, agent: MemoryAgent, clock: ManualClock
) -> None:
    """An agent that is away for less than the bound costs nothing but time."""

    async def program(execution: MemoryExecution) -> int:
        await execution.write(b"all\n")
        return 0

    await begin(program)
    agent.failures += [errors.AgentUnreachableError() for _ in range(30)]

    result = await follower.follow(has_events=False)

    assert result.state == "successful"
    assert clock.monotonic() < 600


async def test_an_agent_that_stays_away_is_lost(
    follower: Follower, begin: Begin, agent: MemoryAgent, clock: ManualClock
) -> None:
    """After the bound without an answer the execution is given up."""
    await begin(lambda _execution: asyncio.Event().wait())
    agent.reachable = False

    with pytest.raises(AgentLostError, match=r"did not answer for \d+ s"):
        await follower.follow(has_events=False)

    assert 600 <= clock.monotonic() < 620


async def test_an_answer_without_a_byte_is_no_hot_loop(
    follower: Follower, begin: Begin, agent: MemoryAgent, clock: ManualClock
) -> None:
    """An agent that answers early with nothing is asked again after a pause."""

    async def program(execution: MemoryExecution) -> int:
        await execution.write(b"x")
        return 0

    await begin(program)
    agent.failures += [rpc.NotStartedError(), rpc.NotStartedError()]

    await follower.follow(has_events=False)

    assert clock.slept == [0.2, 0.2]


async def test_a_host_that_takes_its_time_to_start_is_waited_for(
    follower: Follower, begin: Begin, agent: MemoryAgent, recorder: MemoryRecorder
) -> None:
    """Neither log nor events that are not begun yet are an end: the playbook's start is awaited."""

    async def program(execution: MemoryExecution) -> int:
        await execution.write(b"late\n")
        await execution.emit("playbook_on_stats")
        return 0

    await begin(program)
    agent.failures_of["get_command_log"] = [rpc.NotStartedError() for _ in range(20)]
    agent.failures_of["get_events"] = [rpc.NotStartedError() for _ in range(2)]

    result = await follower.follow(has_events=True)

    assert result.state == "successful"
    assert [event["event"] for event in recorder.events] == ["playbook_on_stats"]


@pytest.mark.parametrize("failure", [rpc.UnknownExecutionError, rpc.LogGoneError])
async def test_what_the_agent_cannot_tell_is_raised(
    follower: Follower, begin: Begin, agent: MemoryAgent, failure: type[Exception]
) -> None:
    """An agent that has forgotten the execution or its log says so, and that is the end."""
    await begin(lambda _execution: asyncio.Event().wait())
    agent.failures.append(failure())

    with pytest.raises(failure):
        await follower.follow(has_events=False)
