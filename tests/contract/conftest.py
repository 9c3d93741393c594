# SPDX-License-Identifier: GPL-3.0-or-later
"""On which databases must the contracts be kept? On each that ``database_url`` gives."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.core.settings import Settings, load_settings
from api.db.database import Database
from api.db.migrate import migrate


@pytest.fixture
def settings(tmp_path: Path, database_url: str | None) -> Settings:
    """Return settings with a database of this test."""
    return load_settings(
        data_dir=tmp_path / "data", content_dir=tmp_path / "content", database_url=database_url
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Return an empty database with all tables."""
    settings.data_dir.mkdir()
    opened = Database(settings.sqlalchemy_url)
    await migrate(opened.engine)
    yield opened
    await opened.close()
