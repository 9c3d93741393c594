# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a run followed to its end, over connections that break?"""

from __future__ import annotations

import base64
import http.client
import json
import time
import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._errors import (
    ApiError,
    FleetError,
    UnreachableError,
)

SILENCE_S = 45.0
"""Three times as long as the control plane is silent while nothing happens."""

MAX_TRIES = 6
"""Connections in a row without any event, with 1, 2, 4 ... seconds in between: a minute."""

MAX_EVENT_BYTES = 4 * 1024 * 1024
"""A piece of a log has 256 KiB at most, before it is quoted."""


class WaitTimeoutError(FleetError):
    """The run has not ended in time."""


class Follower:
    """Follows one run; ``show`` takes a host and a piece of its log, as bytes."""

    def __init__(
        self,
        client: Client,
        run_id: int,
        show: t.Callable[[str, bytes], None] | None,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._run_id = run_id
        self._show = show
        self._clock = clock
        self._sleep = sleep
        self._offsets: dict[str, int] = {}
        self._heard = False

    def follow(self, wait_s: float | None) -> dict[str, t.Any]:
        """Return the run at its end.

        Raises:
            WaitTimeoutError: it takes longer than ``wait_s`` seconds.
            FleetError: the control plane refuses, or is away for longer than a minute.
        """
        deadline = None if wait_s is None else self._clock() + wait_s
        failures = 0
        while True:
            self._heard = False
            try:
                run = self._read_stream(deadline)
                if run is not None:
                    return run
                cause: Exception = UnreachableError("The control plane closes the connection.")
            except (OSError, http.client.HTTPException, UnreachableError) as error:
                cause = error
            except ApiError as error:
                if error.status < http.client.INTERNAL_SERVER_ERROR:
                    raise
                cause = error
            self._check_deadline(deadline)
            failures = 1 if self._heard else failures + 1
            if failures == MAX_TRIES:
                raise UnreachableError(
                    f"Run {self._run_id} goes on, but cannot be followed any more: {cause} "
                    "The module myx.fleet.run_info shows how it ends."
                ) from cause
            self._sleep(2.0 ** (failures - 1))

    def _read_stream(self, deadline: float | None) -> dict[str, t.Any] | None:
        """Take in events until the run's end; None where the stream ends before."""
        left = SILENCE_S if deadline is None else max(0.1, deadline - self._clock())
        query = {"log": self._show is not None, "offsets": self._say_offsets() or None}
        path = f"/runs/{self._run_id}/stream"
        with self._client.open_stream(path, min(SILENCE_S, left), **query) as stream:
            for name, data in self._read_events(stream, deadline):
                self._heard = True
                if name == "log":
                    self._take_piece(data)
                elif name == "end":
                    return data
        return None

    def _read_events(
        self, stream: t.Any, deadline: float | None
    ) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
        name = ""
        while True:
            line = stream.readline(MAX_EVENT_BYTES)
            # Comments come too while nothing happens: a deadline is seen within their beat.
            self._check_deadline(deadline)
            if not line.endswith(b"\n"):
                return
            key, _colon, value = line.rstrip(b"\r\n").partition(b": ")
            if key == b"event":
                name = value.decode()
            elif key == b"data":
                yield name, _parse(value)

    def _take_piece(self, piece: dict[str, t.Any]) -> None:
        execution = piece["execution_id"]
        # What was shown before a connection broke is not shown again.
        if piece["offset"] != self._offsets.get(execution, 0):
            return
        self._offsets[execution] = piece["new_offset"]
        text = piece["log_data"]
        raw = base64.b64decode(text) if piece["encoding"] == "base64" else text.encode()
        if self._show is not None:
            self._show(piece["host"], raw)

    def _say_offsets(self) -> str:
        return ",".join(f"{execution}:{offset}" for execution, offset in self._offsets.items())

    def _check_deadline(self, deadline: float | None) -> None:
        if deadline is not None and self._clock() >= deadline:
            raise WaitTimeoutError(f"wait_timeout: run {self._run_id} has not ended in time.")


def _parse(value: bytes) -> dict[str, t.Any]:
    try:
        data: dict[str, t.Any] = json.loads(value)
    except ValueError as error:
        raise UnreachableError("What follows is not what a control plane sends.") from error
    return data
