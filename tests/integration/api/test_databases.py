# SPDX-License-Identifier: GPL-3.0-or-later
"""What does somebody see whose database does not answer, lets nobody in, or has no room?"""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from postgres import PASSWORD, PostgresCluster
from sqlalchemy import text

from api.composition import Composition
from api.core.errors import SettingsError
from api.core.settings import load_settings
from api.db.database import Database
from api.db.errors import DatabaseFullError, DatabaseRefusedError

SECRET = PASSWORD.replace("%40", "@")


async def refuse(tmp_path: Path, url: str) -> str:
    """Return why a control plane does not start with the URL."""
    settings = load_settings(
        data_dir=tmp_path / "data", content_dir=tmp_path / "content", database_url=url
    )
    composition = Composition(settings)
    with pytest.raises(DatabaseRefusedError) as caught:
        await composition.open()
    await composition.close()
    return caught.value.message


async def test_a_wrong_password_stops_the_start(tmp_path: Path, postgres: PostgresCluster) -> None:
    """The start fails with PostgreSQL's reason, the variable to look at, and no password."""
    url = postgres.make_url("postgres").replace(PASSWORD, "wrong-password")

    message = await refuse(tmp_path, url)

    assert "password authentication failed" in message
    assert "MYX_DATABASE_URL" in message
    assert "wrong-password" not in message


async def test_a_missing_database_stops_the_start(
    tmp_path: Path, postgres: PostgresCluster
) -> None:
    """A database that nobody has made is named."""
    message = await refuse(tmp_path, postgres.make_url("no_such_database"))

    assert '"no_such_database" does not exist' in message
    assert SECRET not in message


async def test_a_server_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    """A server that does not listen is named."""
    url = f"postgresql://myx:{PASSWORD}@/myx?host={tmp_path}"

    message = await refuse(tmp_path, url)

    assert "No such file" in message
    assert SECRET not in message


@pytest.mark.parametrize(
    "url", ["mysql://myx:s3cret@db/myx", "postgresql://myx:s3cret@db", "postgresql://:x:y/z:s3cret"]
)
def test_a_url_of_another_form_is_refused_unseen(url: str) -> None:
    """The setting is refused with its form, and what it held is not repeated."""
    with pytest.raises(SettingsError, match="MYX_DATABASE_URL") as caught:
        load_settings(database_url=url)

    assert "postgresql://USER:PASSWORD@HOST:PORT/DATABASE" in caught.value.message
    assert "s3cret" not in caught.value.message


def test_the_password_is_in_no_form_of_the_settings(postgres_url: str) -> None:
    """Printing settings shows no password."""
    settings = load_settings(database_url=postgres_url)

    assert SECRET not in f"{settings!r} {settings} {settings.model_dump()}"
    assert PASSWORD not in f"{settings!r} {settings} {settings.model_dump()}"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_database_that_goes_away_is_an_answer(
    app: FastAPI, client: httpx.AsyncClient, postgres: PostgresCluster
) -> None:
    """While PostgreSQL lets nobody in a request gets 503 to be repeated, and later the answer."""
    name = str(app.state.composition.database.engine.url.database)
    with postgres.closed_to_all(name):
        refused = await client.get("/api/v1/hosts")
    answered = await client.get("/api/v1/hosts")

    assert refused.status_code == 503
    assert refused.json()["code"] == "database_unreachable"
    assert refused.json()["retryable"]
    assert answered.status_code == 200


async def test_a_full_disk_is_told_from_a_fault(tmp_path: Path) -> None:
    """A database without room answers that it passes by itself, and keeps what it had."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'full.db'}")
    async with database.unit_of_work() as session:
        await session.execute(text("CREATE TABLE notes (note TEXT)"))

    async def overfill() -> None:
        async with database.unit_of_work() as session:
            await session.execute(text("PRAGMA max_page_count = 8"))
            await session.execute(text("INSERT INTO notes VALUES (zeroblob(1000000))"))

    with pytest.raises(DatabaseFullError) as caught:
        await overfill()
    assert caught.value.retryable
    async with database.unit_of_work(read_only=True) as session:
        assert (await session.execute(text("SELECT count(*) FROM notes"))).scalar_one() == 0
    await database.close()
