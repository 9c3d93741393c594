# SPDX-License-Identifier: GPL-3.0-or-later
"""How are log and events of an execution carried home? From where our copy ends, to the end.

Log pieces are asked for with a wait, so that a new byte is on its way at once. Events are fetched
beside them, in large batches: soon after output, since tasks print, at most twice a second where
somebody waits for them, and seldom where nobody does, since each fetch is a write of the database.
"""

import structlog

from agent_runner.protocol import errors as rpc
from agent_runner.protocol.methods import (
    ExecutionResult,
    GetCommandLogParams,
    GetCommandLogResult,
    GetEventsParams,
)
from agent_runner.protocol.pieces import decode_piece
from api.agents.calls import GET_COMMAND_LOG, GET_EVENTS
from api.core.clock import Clock
from api.executions.service import Task
from api.workflows.patience import PatientAgent
from api.workflows.recorder import Recorder

LOG_WAIT_S = 25.0
"""How long the agent may wait for a new byte before it answers with none."""

EVENTS_INTERVAL_S = 0.5
"""The shortest time between two fetches of events while the execution runs, for one who waits."""

UNREAD_EVENTS_INTERVAL_S = 2.0
"""The same while nobody waits for them."""

IDLE_PAUSE_S = 0.2
"""A pause after an answer without a byte that came early, whatever its cause."""

_log = structlog.get_logger(__name__)


class Follower:
    """Follows one execution on its agent."""

    def __init__(self, agent: PatientAgent, recorder: Recorder, clock: Clock, task: Task) -> None:
        self._agent = agent
        self._recorder = recorder
        self._clock = clock
        self._task = task
        self._last_event = task.last_event
        self._events_fetched_at = clock.monotonic()

    async def follow(self, *, has_events: bool) -> ExecutionResult:
        """Store log and events until nothing is left, and return how it ended.

        Raises:
            RpcError: the agent does not know the execution, or not all of its log.
            AgentLostError: it was not heard of for too long.
        """
        # What was pending a moment ago has no log yet.
        is_new = self._task.status == "pending"
        offset = 0 if is_new else await self._recorder.get_log_size(self._task)
        is_owed = has_events  # where there was output since the last fetch, there are events
        while True:
            piece = await self._read_log(offset, self._left_s() if is_owed else LOG_WAIT_S)
            if piece is not None:
                offset = await self._store(piece)
                is_owed = has_events
                if piece.is_final:
                    break
            if is_owed and not self._left_s():
                await self._fetch_events(wait_s=0)
                is_owed = False
        while has_events and not await self._fetch_events(wait_s=LOG_WAIT_S):
            pass
        if piece.result is None:
            raise rpc.InternalError("The agent says that it has ended and not how.")
        return piece.result

    async def _read_log(self, offset: int, wait_s: float) -> GetCommandLogResult | None:
        """Read the next piece; None where there was none for no good reason, after a pause."""
        asked_at = self._clock.monotonic()
        params = GetCommandLogParams(command_id=self._task.id, offset=offset, wait_s=wait_s)
        try:
            piece = await self._agent.call(GET_COMMAND_LOG, params)
        except rpc.NotStartedError:
            piece = None
        except rpc.InvalidParamsError as error:
            piece = await self._read_end(offset, error)
        if piece is not None and (piece.is_final or piece.new_offset > offset):
            return piece
        if self._clock.monotonic() - asked_at < min(IDLE_PAUSE_S, wait_s):
            await self._clock.sleep(IDLE_PAUSE_S)
        return None

    async def _read_end(self, offset: int, error: rpc.InvalidParamsError) -> GetCommandLogResult:
        """Read how it ended on a host that has less of the log than we have.

        A host that lost its power has lost what was not on its disk yet, and what ran there.
        """
        size = error.data.get("size")
        if not isinstance(size, int) or not 0 <= size < offset:
            raise error
        params = GetCommandLogParams(command_id=self._task.id, offset=size)
        piece = await self._agent.call(GET_COMMAND_LOG, params)
        if not piece.is_final:
            raise error
        _log.warning("log_shorter_on_host", execution=self._task.id, stored=offset, left=size)
        return piece

    async def _store(self, piece: GetCommandLogResult) -> int:
        data = decode_piece(piece.log_data, piece.encoding)
        if not data:
            return piece.new_offset
        return await self._recorder.append_log(
            self._task, piece.offset, piece.log_type, data, is_kept_elsewhere=True
        )

    def _left_s(self) -> float:
        """Return how long it is until events may be fetched again."""
        is_awaited = self._recorder.is_awaited(self._task)
        interval_s = EVENTS_INTERVAL_S if is_awaited else UNREAD_EVENTS_INTERVAL_S
        return max(0.0, self._events_fetched_at + interval_s - self._clock.monotonic())

    async def _fetch_events(self, wait_s: float) -> bool:
        """Store the next batch of events; return whether it was the last."""
        params = GetEventsParams(command_id=self._task.id, after=self._last_event, wait_s=wait_s)
        try:
            batch = await self._agent.call(GET_EVENTS, params)
        except rpc.NotStartedError:  # a busy host takes its time; there is nothing to miss
            self._events_fetched_at = self._clock.monotonic()
            return False
        if batch.events:
            await self._recorder.store_events(self._task, batch.events)
        self._last_event = max(self._last_event, batch.last)
        self._events_fetched_at = self._clock.monotonic()
        return batch.is_final
