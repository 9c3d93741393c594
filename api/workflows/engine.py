# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a run carried on after a crash? Its workflow is durable in DBOS; the only importer of it.

DBOS lives in threads of its own and knows of each run nothing but its number. The work itself
happens on the application's event loop, where the database sessions and connections belong. A
workflow is one long step, since each step it is made of may be repeated: what has been done is in
our own rows and files.
"""

import asyncio
import concurrent.futures
import contextlib
import logging
import sqlite3
import uuid
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowSerializationFormat

from api.core.private_files import PRIVATE_FILE_MODE

APPLICATION_VERSION = "1"
"""Raised when a workflow that an older version began could not be carried on by this one."""

EXECUTOR_ID = "control-plane"
"""Stable, so that after a restart the same executor finds its workflows again."""

PURGE_EVERY = 200
"""After so many starts the engine forgets the workflows that have ended: our rows remember runs."""

MAX_PURGED = 1000
"""The most that it forgets at once."""

_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_UNDER_WAY = frozenset({"PENDING", "ENQUEUED", "DELAYED"})


class _Interrupted(BaseException):
    """The process stops; no ``Exception``, so that DBOS records no outcome and resumes later."""


class WorkflowEngine:
    """Carries runs to their end, over restarts of this process; one for the whole process."""

    def __init__(self, database_file: Path, drive: Callable[[int], Awaitable[None]]) -> None:
        self._database_file = database_file
        self._drive = drive
        self._driving: set[asyncio.Task[Any]] = set()
        self._starts = 0

    async def open(self, unfinished_runs: Iterable[int]) -> None:
        """Resume what was under way, and start what a crash kept from starting."""
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._launch, loop)
        for run_id in unfinished_runs:
            await asyncio.to_thread(self._ensure, run_id)
        await asyncio.to_thread(self._purge)

    async def close(self) -> None:
        """Stop driving; what is under way is resumed at the next start."""
        driving = list(self._driving)
        for task in driving:
            task.cancel()
        await asyncio.gather(*driving, return_exceptions=True)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)

    async def start(self, run_id: int) -> None:
        """Start the workflow of a run; starting it again changes nothing."""
        await asyncio.to_thread(self._start, _name_workflow(run_id), run_id)
        self._starts += 1
        if self._starts % PURGE_EVERY == 0:
            await asyncio.to_thread(self._purge)

    def _launch(self, loop: asyncio.AbstractEventLoop) -> None:
        def run_workflow(run_id: int) -> None:
            _wait(asyncio.run_coroutine_threadsafe(self._drive_on_loop(run_id), loop))

        _prepare_database(self._database_file)
        # With a handler in place DBOS adds none of its own, and its records reach ours.
        logging.getLogger("dbos").addHandler(logging.NullHandler())
        DBOS(
            config=DBOSConfig(
                name="myx",
                system_database_url=f"sqlite:///{self._database_file}",
                application_version=APPLICATION_VERSION,
                executor_id=EXECUTOR_ID,
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

    def _start(self, workflow_id: str, run_id: int) -> None:
        with SetWorkflowID(workflow_id):
            DBOS.start_workflow(self._workflow, run_id)

    def _ensure(self, run_id: int) -> None:
        """Start the workflow of a run that has not ended, unless DBOS resumes it by itself."""
        status = DBOS.get_workflow_status(_name_workflow(run_id))
        if status is None:
            self._start(_name_workflow(run_id), run_id)
        elif status.status not in _UNDER_WAY:
            self._start(f"{_name_workflow(run_id)}-{uuid.uuid4()}", run_id)

    def _purge(self) -> None:
        """Forget workflows that have ended."""
        ended = DBOS.list_workflows(
            status=_ENDED, limit=MAX_PURGED, load_input=False, load_output=False
        )
        if ended:
            DBOS.delete_workflows([workflow.workflow_id for workflow in ended])

    async def _drive_on_loop(self, run_id: int) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._driving.add(task)
            task.add_done_callback(self._driving.discard)
        await self._drive(run_id)


def _wait(future: "concurrent.futures.Future[None]") -> None:
    """Block a thread of DBOS until the event loop has done the work."""
    try:
        future.result()
    except concurrent.futures.CancelledError as error:
        raise _Interrupted from error


def _name_workflow(run_id: int) -> str:
    return f"run-{run_id}"


def _prepare_database(file: Path) -> None:
    """Make the database with the mode that lets readers and a writer work beside each other."""
    file.touch(PRIVATE_FILE_MODE)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
