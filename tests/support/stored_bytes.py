# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a control plane leave behind for whoever gets at its files and tables?"""

import psycopg
from psycopg.sql import SQL, Identifier

from api.core.settings import Settings


def read_stored(settings: Settings) -> bytes:
    """Return every byte of the data directory, and of all tables where those are in PostgreSQL."""
    stored = b"".join(p.read_bytes() for p in settings.data_dir.rglob("*") if p.is_file())
    if settings.postgresql_url is None:
        return stored
    with psycopg.connect(settings.postgresql_url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        for (table,) in tables:
            copying = SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(table))
            with connection.cursor().copy(copying) as copied:
                stored += b"".join(bytes(piece) for piece in copied)
    return stored
