# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from dbos import DBOS
from fake_installer import FakeInstaller
from manual_clock import ManualClock
from sqlalchemy import Engine, TableClause, column, create_engine, delete, select, table

from api.agents.calls import Endpoint
from api.agents.memory import MemoryAgent, MemoryAgents, MemoryExecution
from api.auth.principals import ADMIN
from api.auth.scopes import EVERYTHING
from api.composition import Composition
from api.core.settings import Settings, load_settings
from api.executions.schemas import LogQuery
from api.hosts.schemas import Enrollment
from api.runs.schemas import CommandRunCreate, Run

MANY_RUNS = 80

ECHO = CommandRunCreate(kind="command", command=["echo", "x"], limit="all")

Open = Callable[[], AbstractAsyncContextManager[Composition]]


@pytest.fixture
def settings(tmp_path: Path, database_url: str | None) -> Settings:
    """Return settings of this test."""
    return load_settings(
        data_dir=tmp_path / ".data", content_dir=tmp_path, database_url=database_url
    )


@pytest.fixture
def agent() -> MemoryAgent:
    """Return the fake agent of the only host."""
    return MemoryAgents().add(
        Endpoint("web1", "192.0.2.1", 9000, "abcdefghijkl", "token-of-the-agent", "ab" * 32)
    )


@pytest.fixture
def open_control_plane(settings: Settings, agent: MemoryAgent) -> Open:
    """Return a function that opens a control plane on the same data directory."""
    fleet = MemoryAgents()
    fleet._agents[agent.endpoint.address, agent.endpoint.rpc_port] = agent

    @asynccontextmanager
    async def open_one() -> AsyncIterator[Composition]:
        composition = Composition(settings, ManualClock(), fleet, FakeInstaller())
        await composition.open()
        try:
            yield composition
        finally:
            await composition.close()

    return open_one


async def enroll(composition: Composition, agent: MemoryAgent) -> None:
    """Make the agent known."""
    endpoint = agent.endpoint
    body = Enrollment(
        address=endpoint.address,
        rpc_port=endpoint.rpc_port,
        rpc_path=endpoint.rpc_path,
        agent_token=endpoint.agent_token,
        secret_key="secret-key-of-the-agent",
        cert_fingerprint=endpoint.cert_fingerprint,
    )
    await composition.host_contacts.enroll(endpoint.host, body)


async def wait_for_end(composition: Composition, run_id: int) -> Run:
    """Return the run when it has ended."""
    async for _ in composition.run_streams.follow(run_id, EVERYTHING, {}, with_log=False):
        pass
    return await composition.run_streams.get_run(run_id, EVERYTHING)


async def test_a_run_that_was_under_way_is_resumed(
    open_control_plane: Open, agent: MemoryAgent
) -> None:
    """A control plane that is closed under a run finds it again, and nothing is started twice."""
    go_on = asyncio.Event()
    written = asyncio.Event()

    async def program(execution: MemoryExecution) -> int:
        await execution.write(b"one\n")
        written.set()
        await go_on.wait()
        await execution.write(b"two\n")
        return 0

    agent.program = program
    async with open_control_plane() as composition:
        await enroll(composition, agent)
        run = (await composition.run_launcher.launch(ECHO, ADMIN, None)).run
        await written.wait()
        [execution_id] = agent.executions
        await composition.execution_reader.read_log(execution_id, LogQuery(wait_s=25), EVERYTHING)
    go_on.set()
    async with open_control_plane() as composition:
        ended = await wait_for_end(composition, run.id)

        assert ended.status == "successful"
        stored = await composition.execution_reader.open_log(execution_id, EVERYTHING)
        data = b"".join([d async for d in stored])
        assert data == b"one\ntwo\n"
    assert agent.calls.count("execute_command") == 1


async def test_a_run_that_was_written_and_not_started_is_started(
    open_control_plane: Open, agent: MemoryAgent
) -> None:
    """A crash between the transaction and the start of the workflow loses no run."""

    async def fail_to_start(_run_id: int) -> None:
        raise ConnectionError

    async with open_control_plane() as composition:
        await enroll(composition, agent)
        composition._conductor._engine.start = fail_to_start
        with pytest.raises(ConnectionError):
            await composition.run_launcher.launch(ECHO, ADMIN, None)
    async with open_control_plane() as composition:
        assert (await wait_for_end(composition, 1)).status == "successful"


async def test_a_run_whose_workflow_is_gone_is_driven_again(
    open_control_plane: Open, agent: MemoryAgent, settings: Settings
) -> None:
    """Our rows say what has not ended: a workflow database that was lost is no lost run."""
    begun = asyncio.Event()
    go_on = asyncio.Event()

    async def program(_execution: MemoryExecution) -> int:
        begun.set()
        await go_on.wait()
        return 0

    agent.program = program
    async with open_control_plane() as composition:
        await enroll(composition, agent)
        await composition.run_launcher.launch(ECHO, ADMIN, None)
        await begun.wait()
    forget_workflows(settings)
    go_on.set()
    async with open_control_plane() as composition:
        assert (await wait_for_end(composition, 1)).status == "successful"
    assert len(agent.executions) == 1


async def test_a_cancel_survives_a_restart(open_control_plane: Open, agent: MemoryAgent) -> None:
    """A run that was canceled while nobody drove it is canceled when it is resumed.

    The agent is told who asked for the cancel, not who started the run.
    """
    begun = asyncio.Event()

    async def program(execution: MemoryExecution) -> None:
        begun.set()
        await execution.canceled.wait()

    agent.program = program
    async with open_control_plane() as composition:
        await enroll(composition, agent)
        await composition.run_launcher.launch(ECHO, ADMIN, None)
        await begun.wait()
        await composition._conductor.close()
        async with composition.unit_of_work() as work:
            await work.runs.cancel_run(1, "eve")
    async with open_control_plane() as composition:
        assert (await wait_for_end(composition, 1)).status == "canceled"
    [execution] = agent.executions.values()
    assert execution.canceled_by == "eve"


async def test_the_engine_knows_nothing_but_numbers(
    open_control_plane: Open, agent: MemoryAgent, settings: Settings
) -> None:
    """What is durable of a workflow is the run's number, and it is forgotten at a later start."""
    async with open_control_plane() as composition:
        await enroll(composition, agent)
        run = (await composition.run_launcher.launch(ECHO, ADMIN, None)).run
        await wait_for_end(composition, run.id)
        await asyncio.to_thread(wait_for_workflow, "run-1")
    assert list_workflows(settings) == ["run-1"]
    async with open_control_plane():
        pass

    assert list_workflows(settings) == []


def wait_for_workflow(workflow_id: str) -> None:
    """Return when the engine has noted the end of a workflow."""
    DBOS.retrieve_workflow(workflow_id).get_result()


def list_workflows(settings: Settings) -> list[str]:
    """Return the ids of the workflows that the engine remembers."""
    engine, workflows = connect_to_workflows(settings)
    with engine.connect() as connection:
        rows = connection.scalars(select(column("workflow_uuid")).select_from(workflows)).all()
    engine.dispose()
    return list(rows)


def forget_workflows(settings: Settings) -> None:
    """Lose what the engine remembers."""
    engine, workflows = connect_to_workflows(settings)
    with engine.begin() as connection:
        connection.execute(delete(workflows))
    engine.dispose()


def connect_to_workflows(settings: Settings) -> tuple[Engine, TableClause]:
    """Return the engine's database and its table of workflows."""
    engine = create_engine(settings.workflows_url.replace("postgresql:", "postgresql+psycopg:"))
    schema = None if engine.dialect.name == "sqlite" else "dbos"
    return engine, table("workflow_status", schema=schema)


async def test_runs_that_wait_cost_no_thread(open_control_plane: Open, agent: MemoryAgent) -> None:
    """Many runs are under way at once, each as a task; the number of threads does not grow."""
    running = 0
    all_run = asyncio.Event()
    go_on = asyncio.Event()

    async def program(_execution: MemoryExecution) -> int:
        nonlocal running
        running += 1
        if running == MANY_RUNS:
            all_run.set()
        await go_on.wait()
        return 0

    agent.program = program
    async with open_control_plane() as composition:
        await enroll(composition, agent)
        runs = [
            (await composition.run_launcher.launch(ECHO, ADMIN, None)).run.id
            for _ in range(MANY_RUNS)
        ]
        await all_run.wait()
        assert threading.active_count() < MANY_RUNS
        go_on.set()
        ends = [await wait_for_end(composition, run_id) for run_id in runs]
    assert {run.status for run in ends} == {"successful"}
