# SPDX-License-Identifier: GPL-3.0-or-later
"""How does SQLite give space back to the disk that nothing lies in any more? Some pages at a time.

A file that was made with ``auto_vacuum = INCREMENTAL``, as ours are, can do so at any moment; an
older one keeps its size and fills its free pages first. PostgreSQL's autovacuum needs no help.
"""

import contextlib
import sqlite3
import time
from pathlib import Path

PAGES_AT_ONCE = 250
"""Pages (a mebibyte) that are moved in one transaction."""

SPARE_PAGES = 1_000
"""Free pages that stay for what is written next."""

PAUSE_S = 0.02
"""The pause between two transactions."""

BUSY_TIMEOUT_S = 15.0


def give_space_back(file: Path) -> int:
    """Shorten an SQLite file by its free pages but a few; return by how many bytes; blocks."""
    if not file.exists():
        return 0
    given = 0
    with contextlib.closing(
        sqlite3.connect(file, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    ) as connection:
        page_bytes = _ask(connection, "page_size")
        while (free := _ask(connection, "freelist_count")) > SPARE_PAGES:
            pages = min(PAGES_AT_ONCE, free - SPARE_PAGES)
            connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()
            moved = free - _ask(connection, "freelist_count")
            if moved <= 0:
                break
            given += moved
            time.sleep(PAUSE_S)
    return given * page_bytes


def _ask(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])
