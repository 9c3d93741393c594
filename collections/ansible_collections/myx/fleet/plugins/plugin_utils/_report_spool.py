# SPDX-License-Identifier: GPL-3.0-or-later
"""Where does a report wait until the control plane takes it? In a file, so that memory is bounded.

The file has no name: nobody else can open it, and it goes with the process. One thread puts in, one
takes out; both only append to it or read from it, so that neither waits for the network.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import typing as t

Json = t.Dict[str, t.Any]


class Spool:
    """What is still to be sent, in order."""

    def __init__(self, max_bytes: int) -> None:
        """Open it; ``max_bytes`` is the most that may wait, what comes then is dropped."""
        # Open for as long as the playbook goes on.
        self._file = tempfile.TemporaryFile(prefix="myx-report-", buffering=0)  # noqa: SIM115
        self._max_bytes = max_bytes
        self._written = 0
        self._read = 0
        self._arrived = threading.Condition()
        self._finished = False
        self.waiting = 0
        """Records that are still to be sent."""
        self.dropped = 0
        """Records that found no room."""

    def put(self, record: Json) -> None:
        """Add a record; never waits and never raises: the playbook goes on, come what may."""
        line = json.dumps(record).encode() + b"\n"
        with self._arrived:
            if self._finished:
                return
            # Once something is missing the rest would only pretend to be whole.
            if self.dropped or self._written - self._read + len(line) > self._max_bytes:
                self.dropped += 1
                return
            try:
                _write_all(self._file.fileno(), line, self._written)
            except OSError:
                self.dropped += 1
                return
            self._written += len(line)
            self.waiting += 1
            self._arrived.notify_all()

    def finish(self) -> None:
        """Take nothing more; what is in it can still be taken out."""
        with self._arrived:
            self._finished = True
            self._arrived.notify_all()

    def close(self) -> None:
        """Give the room on the disk back, and take nothing more."""
        with self._arrived:
            self._finished = True
            self._file.close()

    @property
    def is_finished(self) -> bool:
        """Whether nothing more is put in."""
        return self._finished

    def wait(self, timeout_s: float) -> bool:
        """Wait until there is something, or nothing more will come; return whether there is."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._finished or self._written > self._read, timeout_s)
            return self._written > self._read

    def peek(self, max_bytes: int) -> tuple[list[Json], int]:
        """Return the next records, at least one where there is one, and their size in bytes."""
        with self._arrived:
            size = self._written - self._read
            start = self._read
        raw = os.pread(self._file.fileno(), min(size, max_bytes), start)
        end = raw.rfind(b"\n") + 1
        while size and not end:  # one record alone is larger
            raw = os.pread(self._file.fileno(), min(size, 2 * len(raw)), start)
            end = raw.find(b"\n") + 1
        return [json.loads(line) for line in raw[:end].splitlines()], end

    def forget(self, records: int, size: int) -> None:
        """Forget so many records and bytes, which were sent; an empty file gives its room back."""
        with self._arrived:
            self._read += size
            self.waiting -= records
            if self._read == self._written:
                self._read = self._written = 0
                self._file.truncate(0)


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
