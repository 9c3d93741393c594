# SPDX-License-Identifier: GPL-3.0-or-later
"""How do bytes become server-sent events?"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

KEEP_ALIVE = "keep-alive"
"""The name under which a comment is passed on: nothing happened, and the stream lives."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its name, and its data decoded from JSON."""

    name: str
    data: dict[str, Any]


class EventParser:
    """Cuts a stream of bytes into events; an unfinished one waits for the rest of its bytes."""

    def __init__(self) -> None:
        self._unfinished: list[bytes] = []
        self._name = "message"
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[ServerEvent]:
        """Yield the events that ``data`` completes."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._unfinished.append(line)
            whole, self._unfinished = b"".join(self._unfinished), []
            event = self._take(whole.removesuffix(b"\r"))
            if event is not None:
                yield event
        if rest:
            self._unfinished.append(rest)

    def _take(self, line: bytes) -> ServerEvent | None:
        if not line:
            return self._finish()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not name:
            return ServerEvent(KEEP_ALIVE, {})
        if name == b"event":
            self._name = value.decode()
        elif name == b"data":
            self._data.append(value)
        return None

    def _finish(self) -> ServerEvent | None:
        name, data = self._name, self._data
        self._name, self._data = "message", []
        return ServerEvent(name, json.loads(b"\n".join(data))) if data else None
