# SPDX-License-Identifier: GPL-3.0-or-later
"""Where do a playbook's events go: masked, limited, into the spool?

Each event is a line of JSON. Secrets are masked in its texts and not in the line: a secret that is
a number or a word of the format must not make an event unreadable. Of too many events the first
ones are kept, one that says so, and ``playbook_on_stats``: without it there is no recap.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from typing import TYPE_CHECKING, Any

from agent_runner.protocol.segments import RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_runner.executions.folder import Folder
    from agent_runner.executions.supervisor.launch import Launch
    from agent_runner.executions.supervisor.masking import Secrets

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""A longer event is not taken: the supervisor holds one at a time in memory."""

_RECAP_LINE = b'{"event":"playbook_on_stats"'
_MASKED = ("stdout", "event_data")
"""What of an event comes from the playbook; the rest is numbers and names of the format."""


class EventSink:
    """Takes lines of JSON, one event each; the index holds where each event ends.

    An event is stored before its record of the index, so what the index speaks of is complete.

    Raises:
        OSError: the disk refuses.
    """

    def __init__(
        self, folder: Folder, launch: Launch, secrets: Secrets, observe: Callable[[bytes], None]
    ) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._events_fd = os.open(folder.events, flags, 0o600)
        self._index_fd = os.open(folder.events_index, flags, 0o600)
        self._secrets = secrets or None
        self._max_bytes = launch.events_max_bytes
        self._observe = observe
        self._partial = bytearray()
        self._is_skipping = False
        self._size = self._count = 0
        self._is_broken = False
        self.dropped_events = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the event stream."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._hold(data)
            return
        lines = (bytes(self._partial) + data[: end - 1]).split(b"\n")
        self._partial.clear()
        if self._is_skipping:
            self._is_skipping = False
            lines[0] = self._say(f"an event of more than {MAX_EVENT_BYTES} bytes is left out")
        self._take(lines)
        self._hold(data[end:])

    def finish(self) -> None:
        """Force all to disk; an event that was never finished is none."""
        os.fsync(self._events_fd)
        os.fsync(self._index_fd)

    def _hold(self, data: bytes) -> None:
        """Keep the beginning of an event until its end comes, unless it is too long."""
        if self._is_skipping:
            return
        self._partial += data
        if len(self._partial) > MAX_EVENT_BYTES:
            self._partial.clear()
            self._is_skipping = True

    def _take(self, lines: list[bytes]) -> None:
        kept = bytearray()
        ends = bytearray()
        for line in lines if self._secrets is None else self._mask_lines(lines):
            self._observe(line)
            for stored in self._choose(line):
                kept += stored + b"\n"
                self._size += len(stored) + 1
                self._count += 1
                ends += self._size.to_bytes(RECORD_BYTES, "little")
        if not self._is_broken:
            self._is_broken = True  # unless both writes succeed, no later event has a true place
            _write_all(self._events_fd, kept)
            _write_all(self._index_fd, ends)
            self._is_broken = False

    def _choose(self, line: bytes) -> list[bytes]:
        """Return what is to be stored for one event: itself, if it has room, or a word about it."""
        is_recap = line.startswith(_RECAP_LINE)
        if not self.dropped_events and (is_recap or self._size + len(line) < self._max_bytes):
            return [line]
        if is_recap:
            return [_renumber(line, self._count + 1)]
        self.dropped_events += 1
        limit = (
            f"the events have reached their limit of {self._max_bytes} bytes (events_max_bytes);"
            " of those that follow only the recap is kept"
        )
        return [self._say(limit)] if self.dropped_events == 1 else []

    def _say(self, text: str) -> bytes:
        """Return an event of ours, for the next place."""
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        return _dump(
            {
                "event": "verbose",
                "counter": self._count + 1,
                "uuid": str(uuid.uuid4()),
                "stdout": f"[myx] {text}",
                "start_line": 0,
                "end_line": 0,
                "created": f"{stamp}.{int(now % 1 * 1_000_000):06}+00:00",
                "event_data": {},
            }
        )

    def _mask_lines(self, lines: list[bytes]) -> list[bytes]:
        secrets = self._secrets
        if secrets is None or not secrets.is_in(b"\n".join(lines)):
            return lines
        return [_mask_event(line, secrets) if secrets.is_in(line) else line for line in lines]


def _mask_event(line: bytes, secrets: Secrets) -> bytes:
    """Return an event without the secrets in its texts."""
    try:
        event = json.loads(line)
        for name in _MASKED:
            if name in event:
                event[name] = _mask_value(event[name], secrets)
        return _dump(event)
    except (ValueError, TypeError, RecursionError):
        return secrets.mask(line)


def _mask_value(value: Any, secrets: Secrets) -> Any:
    if isinstance(value, dict):
        return {secrets.mask_text(key): _mask_value(val, secrets) for key, val in value.items()}
    if isinstance(value, list):
        return [_mask_value(each, secrets) for each in value]
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    masked = secrets.mask_text(text)
    return value if masked == text else masked


def _renumber(line: bytes, counter: int) -> bytes:
    """Return an event with the number of its place among those that are kept."""
    return _dump({**json.loads(line), "counter": counter})


def _dump(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(
        errors="surrogateescape"
    )


def _write_all(fd: int, data: bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
