# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a benchmark trigger a run over HTTP and follow it to its last byte, at little cost?

Requests go over one connection that is kept open, as an API client's would.
"""

import base64
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.harness.measuring import WrongResultError
from driver.control_plane import ControlPlane

REQUEST_TIMEOUT_S = 300.0
"""Far above what anything here takes: it only ends what hangs."""

KEPT_S = 2.0
"""After so long without a request the server may have closed the connection."""

Body = dict[str, Any]


@dataclass
class Followed:
    """A run as its viewer saw it; seconds are since the trigger."""

    run_id: int
    first_byte_s: float = 0.0
    end_s: float = 0.0
    status: str = ""
    logs: dict[str, list[bytes]] = field(default_factory=dict)
    """The pieces of each execution's log."""

    @property
    def log(self) -> bytes:
        """All logs, one behind the other."""
        return b"".join(piece for pieces in self.logs.values() for piece in pieces)

    def expect(self, *words: str) -> "Followed":
        """Return this, if the run was successful and its log has the words.

        Raises:
            WrongResultError: it is otherwise.
        """
        text = self.log.decode(errors="replace")
        missing = [word for word in words if word not in text]
        if self.status != "successful" or missing:
            raise WrongResultError(f"run {self.run_id} {self.status}, without {missing}: {text}")
        return self


class Triggers:
    """Requests to one control plane."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._headers = {"Authorization": f"Bearer {plane.token}"}
        self._connection = self._connect()
        self._used_at = time.monotonic()

    def ask(self, method: str, path: str, body: Body | None = None) -> Any:
        """Send a request and return the JSON of its answer; ``path`` is below ``/api/v1``."""
        return json.loads(self.fetch(method, path, body))

    def fetch(self, method: str, path: str, body: Body | None = None) -> bytes:
        """Send a request and return the bytes of its answer.

        Raises:
            WrongResultError: it was refused.
        """
        sent = json.dumps(body).encode() if body is not None else None
        return self._send(method, path, sent, "application/json")

    def send(self, path: str, data: bytes, media_type: str) -> None:
        """Put bytes somewhere; raises as ``fetch``."""
        self._send("PUT", path, data, media_type)

    def _send(self, method: str, path: str, sent: bytes | None, media_type: str) -> bytes:
        headers = self._headers | ({"Content-Type": media_type} if sent else {})
        if time.monotonic() - self._used_at > KEPT_S:
            self._connection.close()  # the next request opens it again
        self._connection.request(method, f"/api/v1{path}", sent, headers)
        answer = self._connection.getresponse()
        read = answer.read()
        self._used_at = time.monotonic()
        if answer.status >= 300:
            raise WrongResultError(f"{method} {path}: {answer.status} {read[:300]!r}")
        return read

    def follow(self, body: Body) -> Followed:
        """Start a run and read its stream to the end."""
        started = time.perf_counter()
        followed = Followed(self.ask("POST", "/runs", body)["id"])
        for event, data in self.stream(followed.run_id):
            if event == "log":
                followed.first_byte_s = followed.first_byte_s or time.perf_counter() - started
                piece = json.loads(data)
                followed.logs.setdefault(piece["execution_id"], []).append(_decode(piece))
            elif event == "end":
                followed.status = json.loads(data)["status"]
                break
        followed.end_s = time.perf_counter() - started
        return followed

    def stream(self, run_id: int) -> Iterator[tuple[str, bytes]]:
        """Yield the names and the JSON of a run's events as they come."""
        connection = self._connect()
        try:
            connection.request("GET", f"/api/v1/runs/{run_id}/stream", headers=self._headers)
            answer = connection.getresponse()
            event = ""
            for line in answer:
                if line.startswith(b"event: "):
                    event = line[7:].strip().decode()
                elif line.startswith(b"data: "):
                    yield event, line[6:]
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._plane.listen, timeout=REQUEST_TIMEOUT_S)


def _decode(piece: dict[str, Any]) -> bytes:
    data: str = piece["log_data"]
    return base64.b64decode(data) if piece["encoding"] == "base64" else data.encode()
