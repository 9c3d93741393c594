# SPDX-License-Identifier: GPL-3.0-or-later
"""In which stores must the contract of logs be kept? In files, in memory and in PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.db.database import Database
from api.logs.database import DatabaseLogStore
from api.logs.files import FileLogStore
from api.logs.memory import MemoryLogStore
from api.logs.store import LogStore


@pytest.fixture(params=["files", "memory", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Return the kind of a store, or the URL of the database that it lies in."""
    if request.param != "postgresql":
        return str(request.param)
    url: str = request.getfixturevalue("postgres_url")
    return url.replace("postgresql:", "postgresql+psycopg:")


@pytest.fixture
async def store(store_url: str, tmp_path: Path) -> AsyncIterator[LogStore]:
    """Return each store that must keep the contract."""
    if store_url == "memory":
        yield MemoryLogStore()
    elif store_url == "files":
        files = FileLogStore(tmp_path / "logs")
        yield files
        await files.close()
    else:
        database = Database(store_url)
        yield DatabaseLogStore(database.engine)
        await database.close()
