# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a run watched so that no byte of a log is missing or doubled, whatever breaks?

The stream is asked for from the offsets that are already written. What comes twice is dropped
by its offset; what would leave a gap is treated as a broken stream and asked for again.
"""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from api.cli.errors import ApiError, ConnectionLostError, LogRemovedError, NoServerError
from api.cli.remote.client import ApiClient
from api.cli.remote.sse import ServerEvent
from api.cli.terminal.output import LogSink
from api.cli.watching.patience import Patience

Json = dict[str, Any]

MAX_OFFSETS_CHARS = 8000
"""The most of a URL that servers and proxies are sure to take. Logs that do not fit in are sent
from their beginning, and dropped by offset."""

LOG_WAIT_S = 25.0
"""How long one read of a log waits for a new byte."""


LOG_REMOVED = "log_removed"
"""The code of the answer about a log that was too old."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run and its executions as they ended."""

    run: Json
    executions: list[Json]


class RunFollower:
    """Watches one run to its end."""

    def __init__(
        self, client: ApiClient, run_id: int, sink: LogSink | None, patience: Patience
    ) -> None:
        self._client = client
        self._run_id = run_id
        self._sink = sink
        self._patience = patience
        self._offsets: dict[str, int] = {}
        self._executions: dict[str, Json] = {}
        self._handlers: dict[str, Callable[[Json], None]] = {
            "execution": self._note_execution,
            "log": self._write_log,
            "keep-alive": lambda _data: self._patience.progress(),
        }

    def follow(self) -> Outcome:
        """Watch until the run has ended.

        Raises:
            ApiError: the control plane does not let us watch.
            ConnectionLostError: it did not come back.
        """
        while True:
            try:
                return self._follow_once()
            except (ConnectionLostError, NoServerError) as error:
                self._patience.wait(error)
            except ApiError as error:
                if not error.retryable:
                    raise
                self._patience.wait(error)

    def _follow_once(self) -> Outcome:
        for event in self._open():
            if event.name == "end":
                if self._sink is not None:
                    self._sink.finish()
                return Outcome(event.data, list(self._executions.values()))
            handler = self._handlers.get(event.name)
            if handler is not None:
                handler(event.data)
        raise ConnectionLostError("The control plane closed the stream.")

    def _open(self) -> Iterator[ServerEvent]:
        path = f"/runs/{self._run_id}/stream"
        if self._sink is None:
            return self._client.stream(path, log=False)
        return self._client.stream(path, offsets=self._tell_offsets())

    def _tell_offsets(self) -> str | None:
        told, length = [], 0
        for execution_id, offset in self._offsets.items():
            told.append(f"{execution_id}:{offset}")
            length += len(told[-1]) + 3  # the comma, quoted
            if length > MAX_OFFSETS_CHARS:
                told.pop()
                break
        return ",".join(told) or None

    def _note_execution(self, execution: Json) -> None:
        self._executions[execution["id"]] = execution

    def _write_log(self, piece: Json) -> None:
        known = self._offsets.get(piece["execution_id"], 0)
        if piece["new_offset"] <= known:
            return
        if piece["offset"] > known:
            raise ConnectionLostError("The stream skipped a part of the log.")
        if self._sink is not None:
            data = decode_log(piece)[known - piece["offset"] :]
            self._sink.write(piece["host"], piece["log_type"], data)
        self._offsets[piece["execution_id"]] = piece["new_offset"]
        self._patience.progress()


def follow_log(
    client: ApiClient,
    execution: Json,
    sink: LogSink,
    patience: Patience,
    *,
    offset: int = 0,
    wait: bool = True,
) -> None:
    """Write one log from ``offset``: what is stored by now, or with ``wait`` all to its end.

    Raises:
        LogRemovedError: it, or what should follow, was removed.
    """
    path = f"/executions/{execution['id']}/log"
    while True:
        try:
            piece = client.get(path, offset=offset, wait_s=LOG_WAIT_S if wait else 0)
        except (ConnectionLostError, NoServerError) as error:
            patience.wait(error)
            continue
        except ApiError as error:
            if error.code == LOG_REMOVED:
                raise LogRemovedError(str(error), status=error.status, code=error.code) from error
            raise
        patience.progress()
        if piece["new_offset"] > offset:
            sink.write(execution["host"], piece["log_type"], decode_log(piece))
        elif not wait:
            return
        offset = piece["new_offset"]
        if piece["is_final"]:
            return


def decode_log(piece: Json) -> bytes:
    """Return the bytes that a piece of a log stands for."""
    data: str = piece["log_data"]
    return base64.b64decode(data) if piece["encoding"] == "base64" else data.encode()
