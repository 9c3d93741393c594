# SPDX-License-Identifier: GPL-3.0-or-later
"""Which databases must keep the contracts? Each is one more entry of DATABASES."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from api.db.database import Database
from api.db.migrate import migrate

DATABASES: dict[str, Callable[[Path], str]] = {
    "sqlite": lambda folder: f"sqlite+aiosqlite:///{folder}/myx.db",
}


@pytest.fixture(params=sorted(DATABASES))
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Return an empty database with all tables."""
    opened = Database(DATABASES[request.param](tmp_path))
    await migrate(opened.engine)
    yield opened
    await opened.close()
