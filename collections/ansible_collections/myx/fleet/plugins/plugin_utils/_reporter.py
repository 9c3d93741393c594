# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a run get to the control plane that was started here? In batches, by a thread.

The thread alone talks to the network. What it sends may be sent again: the log goes by offsets,
events by their numbers. While the control plane is away it waits, and the spool fills.
"""

from __future__ import annotations

import threading
import time
import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._errors import (
    ApiError,
    FleetError,
    UnreachableError,
)
from ansible_collections.myx.fleet.plugins.plugin_utils._report_spool import Json, Spool

BATCH_S = 0.5
"""How long records are gathered before they are sent."""

BATCH_BYTES = 1024 * 1024
BATCH_RECORDS = 500
"""The most in one request; the API takes 4 MiB and 1000 events."""

KEEP_ALIVE_S = 30.0
"""After so long without news it is said that the run still goes on."""

MAX_PAUSE_S = 15.0
"""The longest pause before the control plane is tried again."""

_PASSING = frozenset((429, 500, 502, 503, 504, 507))
_TAKEN_KEY = "idempotency_conflict"


class Api(t.Protocol):
    """The client, as far as it is needed here."""

    def post(self, path: str, body: t.Any = None, key: str | None = None) -> t.Any:
        """Send something."""


class Reporter:
    """Reports one run."""

    def __init__(self, api: Api, spool: Spool) -> None:
        self._api = api
        self._spool = spool
        self._offset = 0
        self._path = ""
        self._keep_alive_s = KEEP_ALIVE_S
        self._end: Json | None = None
        self._deadline: float | None = None
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self.failure = ""
        """Why the last try did not succeed; empty where it did."""
        self.is_done = False
        """Whether everything was taken, the end too."""

    def start(self, run: Json, key: str) -> None:
        """Open the run, under a key of its own, and report what is in the spool from now on."""
        self._thread = threading.Thread(
            target=self._report, args=(run, key), name="myx-report", daemon=True
        )
        self._thread.start()

    @property
    def is_started(self) -> bool:
        """Whether the run is being reported."""
        return self._thread is not None

    def finish(self, end: Json, wait_s: float) -> None:
        """Tell how the run ended; from now on it is tried for ``wait_s`` seconds. Does not wait."""
        self._end = end
        self._deadline = time.monotonic() + wait_s
        self._spool.finish()
        self._closing.set()

    def join(self) -> None:
        """Wait until all is reported, or the time is over."""
        if self._thread is not None and self._deadline is not None:
            self._thread.join(max(0.0, self._deadline - time.monotonic()))

    def _report(self, run: Json, key: str) -> None:
        try:
            opened = self._open(run, key)
            self._path = "/runs/{}/report".format(opened["id"])
            while self._send_next():
                pass
            self._insist(lambda: self._api.post(self._path + "/end", self._end))
            self.is_done = True
        except _GivenUpError as error:
            self.failure = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is must not reach the playbook
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            # Sent, or nobody will take it any more.
            self._spool.close()

    def _open(self, run: Json, key: str) -> Json:
        try:
            return self._insist(lambda: self._api.post("/runs/reported", run, key))
        except _GivenUpError as error:
            if error.code != _TAKEN_KEY:
                raise
        # The job has started another playbook before this one.
        other = f"{key}/{time.time_ns()}"
        return self._insist(lambda: self._api.post("/runs/reported", run, other))

    def _send_next(self) -> bool:
        """Send what has gathered, or a sign of life; return whether more may come."""
        if not self._spool.wait(self._keep_alive_s):
            if self._spool.is_finished:
                return False
            self._send({})
            return True
        self._closing.wait(BATCH_S)
        records, size = self._spool.peek(BATCH_BYTES)
        for start in range(0, len(records), BATCH_RECORDS):
            self._send_records(records[start : start + BATCH_RECORDS])
        self._spool.forget(len(records), size)
        return True

    def _send_records(self, records: list[Json]) -> None:
        pieces: list[Json] = []
        offset = self._offset
        for record in records:
            if "data" not in record:
                continue
            if pieces and pieces[-1]["log_type"] == record["log_type"]:
                pieces[-1]["data"] += record["data"]
            else:
                pieces.append(dict(record, offset=offset))
            offset += len(record["data"].encode())
        events = [record for record in records if "data" not in record]
        self._send({"log": pieces, "events": events})
        self._offset = offset

    def _send(self, body: Json) -> None:
        taken = self._insist(lambda: self._api.post(self._path, body))
        # Well before it is given up as lost.
        self._keep_alive_s = min(KEEP_ALIVE_S, taken["lost_after_s"] / 4)

    def _insist(self, post: t.Callable[[], Json]) -> Json:
        """Do it until it succeeds, is refused, or the time is over.

        Raises:
            _GivenUpError: it will not be taken.
        """
        pause_s = 1.0
        while True:
            try:
                answer = post()
            except FleetError as error:
                self.failure = str(error)
                if not _is_passing(error):
                    raise _GivenUpError(str(error), getattr(error, "code", "")) from error
            else:
                self.failure = ""
                return answer
            left_s = self._get_time_left()
            if left_s <= 0:
                raise _GivenUpError(self.failure)
            self._pause(min(pause_s, left_s))
            pause_s = min(2 * pause_s, MAX_PAUSE_S)

    def _get_time_left(self) -> float:
        return MAX_PAUSE_S if self._deadline is None else self._deadline - time.monotonic()

    def _pause(self, pause_s: float) -> None:
        """Wait; the end of the run cuts it short once, for one more try."""
        if self._closing.is_set():
            time.sleep(pause_s)
        else:
            self._closing.wait(pause_s)


class _GivenUpError(Exception):
    """It will not be taken."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


def _is_passing(error: FleetError) -> bool:
    """Say whether the same request may succeed later."""
    if isinstance(error, ApiError):
        return error.status in _PASSING
    return isinstance(error, UnreachableError)
