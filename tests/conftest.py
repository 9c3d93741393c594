# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test of every tier?"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from postgres import PostgresCluster, find_programs
from sqlalchemy import create_engine

from api.db.migrate import upgrade

# A deadline would make a property test a measurement of how busy the machine is; and a test that
# everybody runs has the same cases each time. `make properties` looks for new ones.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("exploring", deadline=None, derandomize=False)
settings.load_profile("same")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the MYX_* variables of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("MYX_")]:
        monkeypatch.delenv(name)
    # On a clock whose sleeps take no time the hosts would be asked without a pause.
    monkeypatch.setenv("MYX_HEARTBEATS", "false")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """Return a PostgreSQL for all tests; none installed is a failure in CI and a skip elsewhere."""
    programs = find_programs()
    if programs is None:
        reason = "PostgreSQL's server is not installed (apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    cluster = PostgresCluster(programs)
    yield cluster
    cluster.close()


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresCluster) -> str:
    """Return the name of a database with all tables and no rows, to be copied."""
    name = postgres.create_database()
    url = postgres.make_url(name).replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection)
    engine.dispose()
    return name


@pytest.fixture
def postgres_url(postgres: PostgresCluster, postgres_template: str) -> Iterator[str]:
    """Return the URL of a PostgreSQL database with all tables and no rows."""
    name = postgres.create_database(postgres_template)
    yield postgres.make_url(name)
    postgres.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """Return what MYX_DATABASE_URL is, for each database that must keep the contracts."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url
