# SPDX-License-Identifier: GPL-3.0-or-later
"""How is it noticed that the newest entries were cut off? Their end is kept outside the database.

The file ``audit-head`` in the data directory holds the number and hash of the last entry that this
process wrote, behind its commit. Entries that then are missing, or others in their place, are a
**break**: it is written into the file and stays there, whatever is appended afterwards.
"""

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from api.audit.service import Head
from api.core.private_files import write_private_file

_log = structlog.stdlib.get_logger(__name__)

MAX_BREAKS = 100
"""More say nothing more."""


class Break(NamedTuple):
    """The end that was known, and the last entry that was there instead."""

    seq: int
    hash: str
    found_seq: int


class AuditWitness:
    """Remembers the end of the audit; one for the whole process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._head, self._breaks = _read(path)
        self._writing: asyncio.Task[None] | None = None
        self._is_written = True

    @property
    def head(self) -> Head:
        """The end that is known."""
        return self._head

    @property
    def breaks(self) -> tuple[Break, ...]:
        """Where entries went missing."""
        return tuple(self._breaks)

    def note(self, head: Head) -> None:
        """Remember a new end, behind its commit; calls come in the order of the commits."""
        if head.seq <= self._head.seq:
            self.note_break(head.seq - 1)
        self._head = head
        self._write_soon()

    def note_break(self, found_seq: int) -> None:
        """Remember that entries are missing: the last one that is there is ``found_seq``."""
        _log.error("audit_entries_missing", known=self._head.seq, found=found_seq)
        if len(self._breaks) < MAX_BREAKS:
            self._breaks.append(Break(*self._head, found_seq))
        self._write_soon()

    async def close(self) -> None:
        """Have everything on disk."""
        if self._writing is not None:
            await self._writing

    def _write_soon(self) -> None:
        self._is_written = False
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Write what is newest; what comes meanwhile is written after it, at once."""
        while not self._is_written:
            self._is_written = True
            content = json.dumps(
                {
                    "seq": self._head.seq,
                    "hash": self._head.hash,
                    "breaks": [brk._asdict() for brk in self._breaks],
                }
            )
            await asyncio.to_thread(write_private_file, self._path, content.encode())


def _read(path: Path) -> tuple[Head, list[Break]]:
    try:
        kept: dict[str, Any] = json.loads(path.read_bytes())
        return Head(kept["seq"], kept["hash"]), [Break(**brk) for brk in kept["breaks"]]
    except FileNotFoundError:
        return Head(), []
    except (ValueError, KeyError, TypeError):
        _log.exception("audit_head_unreadable", path=str(path))
        return Head(), [Break(0, "", 0)]
