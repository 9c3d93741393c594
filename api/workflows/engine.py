# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a run carried on after a crash? Its workflow is durable in DBOS; the only importer of it.

DBOS knows of each run nothing but its number. It lives on an event loop of its own, in a thread: on
ours it would take over the default executor. The work itself happens on our loop, where database
sessions and connections belong; on both a run is a task and never a thread, however long it waits.
A workflow is one long step, since each step it is made of may be repeated: what has been done is in
our own rows and files (``docs/decisions/0012-runs-in-waves.md``).
"""

import asyncio
import contextlib
import logging
import sqlite3
import threading
import uuid
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable
from pathlib import Path
from typing import Any, TypeVar

from dbos import DBOS, DBOSClient, DBOSConfig, SetWorkflowID, WorkflowSerializationFormat

from api.core.private_files import PRIVATE_FILE_MODE

APPLICATION_VERSION = "1"
"""Raised when a workflow that an older version began could not be carried on by this one."""

ONLY_EXECUTOR = "control-plane"
"""The name of the executor where there are no replicas; after a restart the same one finds its
workflows again."""

FORGET_EVERY = 200
"""After so many starts the engine forgets the workflows that have ended: our rows remember runs."""

MAX_FORGOTTEN = 500
"""The most that it forgets in one transaction."""

MAX_THREADS = 8
"""Threads in which DBOS writes to its database; without a limit it starts one for each write."""

_SQLITE = "sqlite:///"

_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_UNDER_WAY = frozenset({"PENDING", "ENQUEUED", "DELAYED"})


T = TypeVar("T")


class WorkflowEngine:
    """Carries runs to their end, over restarts of this process; one for the whole process."""

    def __init__(self, database_url: str, drive: Callable[[int], Awaitable[None]]) -> None:
        """Take the URL of an SQLite file of its own, or of the application's PostgreSQL."""
        self._database_url = database_url
        self._drive = drive
        self._driving: dict[int, asyncio.Task[Any]] = {}
        self._starts = 0
        self._loop = _ThreadLoop()

    async def open(self, executor_id: str, unfinished_runs: Iterable[int]) -> None:
        """Resume what this executor had under way, and start what a crash kept from starting."""
        await self._loop.run(self._launch(executor_id, asyncio.get_running_loop()))
        await self.ensure(unfinished_runs)
        await self.forget_ended()

    async def ensure(self, unfinished_runs: Iterable[int]) -> None:
        """Start those of these runs that nobody carries out."""
        for run_id in unfinished_runs:
            await self._loop.run(self._ensure(run_id))

    async def take_over(self, living: Collection[str]) -> int:
        """Let the living executors share the runs of all others; return how many those are."""
        return await asyncio.to_thread(self._take_over, frozenset(living))

    async def close(self) -> None:
        """Stop driving; what is under way is resumed at the next start."""
        driving = list(self._driving.values())
        for task in driving:
            task.cancel()
        await asyncio.gather(*driving, return_exceptions=True)
        await self._loop.run(_end_tasks())
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        await asyncio.to_thread(self._loop.close)

    async def start(self, run_id: int) -> None:
        """Start the workflow of a run; starting it again changes nothing."""
        await self._loop.run(self._start(_name_workflow(run_id), run_id))
        self._starts += 1
        if self._starts % FORGET_EVERY == 0:
            await self.forget_ended()

    async def forget_ended(self) -> int:
        """Forget the workflows that have ended; return how many."""
        return await asyncio.to_thread(_forget_ended, DBOS)

    async def _launch(self, executor_id: str, loop: asyncio.AbstractEventLoop) -> None:
        async def run_workflow(run_id: int) -> None:
            # Where our task is cancelled, since the process stops, CancelledError passes through:
            # no Exception, so that DBOS records no outcome and resumes later.
            driving = asyncio.run_coroutine_threadsafe(self._drive_on_loop(run_id), loop)
            await asyncio.wrap_future(driving)

        _prepare_database(self._database_url)
        # With a handler in place DBOS adds none of its own, and its records reach ours.
        logging.getLogger("dbos").addHandler(logging.NullHandler())
        DBOS(
            config=DBOSConfig(
                name="myx",
                system_database_url=self._database_url,
                application_version=APPLICATION_VERSION,
                executor_id=executor_id,
                max_executor_threads=MAX_THREADS,
                log_level="ERROR",
                enable_otlp=False,
            )
        )
        decorate = DBOS.workflow(
            name="run",
            max_recovery_attempts=None,
            serialization_type=WorkflowSerializationFormat.PORTABLE,
        )
        self._workflow = decorate(run_workflow)
        DBOS.launch()

    async def _start(self, workflow_id: str, run_id: int) -> None:
        with SetWorkflowID(workflow_id):
            await DBOS.start_workflow_async(self._workflow, run_id)

    async def _ensure(self, run_id: int) -> None:
        """Start the workflow of a run that has not ended, unless DBOS resumes it by itself."""
        status = await DBOS.get_workflow_status_async(_name_workflow(run_id))
        if status is None:
            await self._start(_name_workflow(run_id), run_id)
        elif status.status not in _UNDER_WAY:
            await self._start(f"{_name_workflow(run_id)}-{uuid.uuid4()}", run_id)

    def _take_over(self, living: frozenset[str]) -> int:
        under_way = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        orphaned = [workflow for workflow in under_way if workflow.executor_id not in living]
        executors = sorted({str(workflow.executor_id) for workflow in orphaned})
        # A private name, pinned by the version of DBOS and the tests that kill: what it puts back
        # into the queue is taken by exactly one of those that live.
        DBOS._recover_pending_workflows(executors)  # noqa: SLF001 - as said above
        return len(orphaned)

    async def _drive_on_loop(self, run_id: int) -> None:
        # A replica that stood still may be given a run back that it still drives.
        while run_id in self._driving:
            await asyncio.wait([self._driving[run_id]])
        task = asyncio.current_task()
        if task is not None:
            self._driving[run_id] = task
        try:
            await self._drive(run_id)
        finally:
            del self._driving[run_id]


class _ThreadLoop:
    """An event loop in a thread of its own, from its first use until it is closed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and return its result here."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="myx-engine", daemon=True
            )
            self._thread.start()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self) -> None:
        """End the thread; blocks."""
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = None


async def _end_tasks() -> None:
    """End what else runs in this loop: workflows whose end DBOS is about to note."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def forget_ended(database_url: str) -> int:
    """Forget the workflows that have ended, without an engine; return how many; blocks."""
    if database_url.startswith(_SQLITE) and not Path(database_url.removeprefix(_SQLITE)).exists():
        return 0
    client = DBOSClient(system_database_url=database_url)
    try:
        return _forget_ended(client)
    finally:
        client.destroy()


def _forget_ended(workflows: type[DBOS] | DBOSClient) -> int:
    """Forget them in parts: each is one transaction, and others write between two."""
    forgotten = 0
    while ended := workflows.list_workflows(
        status=_ENDED, limit=MAX_FORGOTTEN, load_input=False, load_output=False
    ):
        workflows.delete_workflows([workflow.workflow_id for workflow in ended])
        forgotten += len(ended)
    return forgotten


def _name_workflow(run_id: int) -> str:
    return f"run-{run_id}"


def _prepare_database(url: str) -> None:
    """Make an SQLite file with the mode that lets readers and a writer work beside each other."""
    if not url.startswith(_SQLITE):
        return
    file = Path(url.removeprefix(_SQLITE))
    file.touch(PRIVATE_FILE_MODE)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        # Before the first page is written, or it has no effect; see ``api.db.space``.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
