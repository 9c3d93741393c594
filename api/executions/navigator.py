# SPDX-License-Identifier: GPL-3.0-or-later
"""How does somebody find a place in a log of any size? By a text, a failure, or a line's number."""

import asyncio

from api.auth.scopes import Scope
from api.executions.errors import LogRemovedError
from api.executions.reader import ExecutionReader, is_log_gone
from api.executions.schemas import LogMatch, LogPlace, LogPlaceQuery, LogSearchQuery
from api.logs.lines import LineCounts
from api.logs.search import find_failures, finds_text, search_backward, search_forward
from api.logs.store import LogStore

MAX_AT_ONCE = 2
"""How many look through logs at the same time: it is work for the processor, others wait."""


class LogNavigator:
    """Finds places in logs; one for the whole process."""

    def __init__(self, reader: ExecutionReader, logs: LogStore) -> None:
        self._reader = reader
        self._logs = logs
        self._lines = LineCounts(logs)
        self._turns = asyncio.Semaphore(MAX_AT_ONCE)

    async def search(self, execution_id: str, query: LogSearchQuery, scope: Scope) -> LogMatch:
        """Look through a stretch of the log for the next line that is wanted.

        Raises:
            ExecutionNotFoundError: there is none with that id within the scope.
            LogRemovedError: the log is not there any more.
        """
        size = await self._check(execution_id, scope)
        positions = find_failures if query.text is None else finds_text(query.text)
        async with self._turns:
            if query.backward:
                offset = min(query.offset, size)
                found = await search_backward(self._logs, execution_id, offset, positions)
            else:
                found = await search_forward(self._logs, execution_id, query.offset, positions)
        return LogMatch.model_validate(found)

    async def find_place(self, execution_id: str, query: LogPlaceQuery, scope: Scope) -> LogPlace:
        """Tell the number of the line at a byte, or where the line of a number begins.

        Raises:
            ExecutionNotFoundError: there is none with that id within the scope.
            LogRemovedError: the log is not there any more.
        """
        size = await self._check(execution_id, scope)
        async with self._turns:
            if query.line is not None:
                place = await self._lines.find_offset(execution_id, query.line)
            else:
                offset = min(query.offset or 0, size)
                place = await self._lines.find_number(execution_id, offset)
        return LogPlace.model_validate(place)

    async def _check(self, execution_id: str, scope: Scope) -> int:
        """Return the log's size."""
        execution = await self._reader.get_execution(execution_id, scope)
        size = await self._logs.size(execution_id)
        if is_log_gone(execution, size):
            raise LogRemovedError.of(execution.host, execution.log_bytes, execution.log_removed_at)
        return size
