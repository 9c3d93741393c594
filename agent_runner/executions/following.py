# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a reader follow an execution's log and events, from any offset, live or later?"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec

from agent_runner.executions.changes import RECHECK_S, Changes, wait_for_change
from agent_runner.executions.folder import Folder, find_json
from agent_runner.executions.spool import find_result
from agent_runner.executions.unkept.spools import Spools
from agent_runner.logs.events import count_events, read_events
from agent_runner.logs.reader import LogPiece, read_log_piece
from agent_runner.protocol.errors import InvalidParamsError, LogGoneError, NotStartedError
from agent_runner.protocol.methods import (
    INLINE_OUTPUT_BYTES,
    ExecutionResult,
    GetCommandLogParams,
    GetCommandLogResult,
    GetEventsParams,
    GetEventsResult,
)
from agent_runner.protocol.segments import read_segment

_Answer = TypeVar("_Answer", GetCommandLogResult, GetEventsResult)


class Follower:
    """Reads what supervisors write; it holds nothing itself."""

    def __init__(self, spools: Spools, changes: Changes) -> None:
        self._spools = spools
        self._changes = changes

    async def read_log(self, params: GetCommandLogParams) -> GetCommandLogResult:
        """Return the piece of the log at an offset, waiting for it if asked to.

        Raises:
            UnknownExecutionError: no such execution.
            NotStartedError: nothing is written yet.
            LogGoneError: the log was rotated away.
            InvalidParamsError: the offset is behind the end of the log.
        """
        folder = self._spools.get(params.command_id)
        return await self._read_when_there(
            params.command_id,
            params.wait_s,
            lambda: _read_log_now(folder, params),
            lambda answer: answer.new_offset > answer.offset or answer.is_final,
        )

    async def read_events(self, params: GetEventsParams) -> GetEventsResult:
        """Return the events behind a sequence number, waiting for one if asked to.

        Raises:
            UnknownExecutionError: no such execution.
            NotStartedError: nothing is written yet.
            LogGoneError: the events were rotated away.
        """
        folder = self._spools.get(params.command_id)
        return await self._read_when_there(
            params.command_id,
            params.wait_s,
            lambda: _read_events_now(folder, params),
            lambda answer: bool(answer.events) or answer.is_final,
        )

    async def _read_when_there(
        self,
        command_id: str,
        wait_s: float,
        read: Callable[[], _Answer],
        is_enough: Callable[[_Answer], bool],
    ) -> _Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        with self._changes.watch(command_id) as changed:
            while True:
                changed.clear()
                left = deadline - loop.time()
                try:
                    answer = read()
                    if left <= 0 or is_enough(answer):
                        return answer
                except NotStartedError:
                    if left <= 0:
                        raise
                await wait_for_change(changed, min(left, RECHECK_S))


def _read_log_now(folder: Folder, params: GetCommandLogParams) -> GetCommandLogResult:
    result = find_result(folder)  # before the log: an end that is seen has its whole log
    try:
        found = read_log_piece(
            folder.log,
            folder.log_index,
            offset=params.offset,
            limit=params.limit,
            has_ended=result is not None,
        )
    except FileNotFoundError as error:
        if result is None:
            raise NotStartedError from error
        if result.log_bytes:
            raise LogGoneError from error
        return _answer_without_log(params, result)
    _check_offset(params.offset, found)
    is_final = result is not None and found.new_offset == found.size
    return GetCommandLogResult(
        log_data=found.piece.text,
        log_type=found.log_type,
        encoding=found.piece.encoding,
        offset=found.offset,
        new_offset=found.new_offset,
        size=found.size,
        is_final=is_final,
        result=_complete(folder, result, found.size) if result and is_final else None,
    )


def _answer_without_log(
    params: GetCommandLogParams, result: ExecutionResult
) -> GetCommandLogResult:
    """Answer for an execution that ended before there was anything to log."""
    if params.offset:
        raise InvalidParamsError(_describe_offset(params.offset, 0), {"size": 0})
    return GetCommandLogResult(
        log_data="",
        log_type="stdout",
        encoding="utf-8",
        offset=0,
        new_offset=0,
        size=0,
        is_final=True,
        result=result,
    )


def _check_offset(offset: int, found: LogPiece) -> None:
    if offset > found.size:
        raise InvalidParamsError(_describe_offset(offset, found.size), {"size": found.size})


def _describe_offset(offset: int, size: int) -> str:
    return f"offset: {offset} is behind the end of the log, which has {size} bytes"


def _complete(folder: Folder, result: ExecutionResult, size: int) -> ExecutionResult:
    """Return the result with the output of a command or script, where that is short text."""
    request = find_json(folder.request)
    if size > INLINE_OUTPUT_BYTES or request is None or request["kind"] == "playbook":
        return result
    output = {"stdout": b"", "stderr": b""}
    offset = 0
    while offset < size:
        log_type, data, _ = read_segment(folder.log, folder.log_index, offset, size)
        output[log_type] += data
        offset += len(data)
    try:
        stdout, stderr = output["stdout"].decode(), output["stderr"].decode()
    except UnicodeDecodeError:
        return result
    return msgspec.structs.replace(result, stdout=stdout, stderr=stderr)


def _read_events_now(folder: Folder, params: GetEventsParams) -> GetEventsResult:
    result = find_result(folder)  # before the events: an end that is seen has all of them
    if result is None and not folder.log.exists():
        raise NotStartedError
    total = count_events(folder.events_index)
    events = read_events(folder.events, folder.events_index, after=params.after, limit=params.limit)
    last = params.after + len(events)
    return GetEventsResult(events=events, last=last, is_final=result is not None and last >= total)
