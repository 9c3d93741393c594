# SPDX-License-Identifier: GPL-3.0-or-later
"""How is PostgreSQL saved and brought back? By its own pg_dump and pg_restore.

Whom to connect to, and the password, go to them as environment variables: the arguments of a
process are readable by every user of the machine.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from api.core.settings import Settings
from api.db.errors import DatabaseRefusedError
from api.maintenance.errors import BackupToolError

ENGINE_SCHEMA = "dbos"
"""Where the durable engine keeps its own, which no backup needs: our rows say what is under way."""

_PLACES = "/usr/lib/postgresql/*/bin"


def read_server_version(settings: Settings) -> int:
    """Return the server's major version.

    Raises:
        DatabaseRefusedError: it cannot be reached.
    """
    engine = create_engine(settings.sqlalchemy_url)
    try:
        with engine.connect() as connection:
            number = connection.scalar(text("SHOW server_version_num"))
    except DBAPIError as error:
        cause = " ".join(str(error.orig).split()).rstrip(".")
        raise DatabaseRefusedError(
            f"PostgreSQL does not let us in: {cause}. Check MYX_DATABASE_URL."
        ) from error
    finally:
        engine.dispose()
    return int(number) // 10_000


def dump(settings: Settings, target: Path) -> None:
    """Save the tables as they are at one moment, while others go on writing.

    Raises:
        BackupToolError: pg_dump is missing, older than the server, or failed.
    """
    program = _find_program("pg_dump", read_server_version(settings))
    arguments = ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"]
    _run(settings, program, [*arguments, f"--exclude-schema={ENGINE_SCHEMA}"])


def restore(settings: Settings, source: Path) -> None:
    """Bring the tables back, all or none, in the place of those that are there.

    Raises:
        BackupToolError: pg_restore is missing, older than the server, or failed.
    """
    program = _find_program("pg_restore", read_server_version(settings))
    _drop_tables(settings)
    arguments = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    database = make_url(settings.sqlalchemy_url).database or ""
    _run(settings, program, [*arguments, f"--dbname={database}", str(source)])


def _drop_tables(settings: Settings) -> None:
    engine = create_engine(settings.sqlalchemy_url)
    with engine.begin() as connection:
        names = connection.scalars(
            text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        for name in names:
            connection.execute(text(f"DROP TABLE {name} CASCADE"))
        connection.execute(text(f"DROP SCHEMA IF EXISTS {ENGINE_SCHEMA} CASCADE"))
    engine.dispose()


def _run(settings: Settings, program: Path, arguments: Sequence[str]) -> None:
    ran = subprocess.run(
        [program, *arguments],
        env={**os.environ, **build_environment(settings)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        cause = " ".join(ran.stderr.split())
        raise BackupToolError(f"{program.name} failed: {cause}")


def build_environment(settings: Settings) -> Mapping[str, str]:
    """Return libpq's variables for the database, the password among them."""
    url = make_url(settings.sqlalchemy_url)
    facts: dict[str, object] = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "password": url.password,
        "database": url.database,
        **url.query,
    }
    return {f"PG{key.upper()}": str(value) for key, value in facts.items() if value is not None}


def _find_program(name: str, server_version: int) -> Path:
    """Return the newest program of this name.

    Raises:
        BackupToolError: there is none, or none that is as new as the server.
    """
    found = [path / name for path in Path("/").glob(_PLACES[1:]) if (path / name).exists()]
    on_path = shutil.which(name)
    found += [Path(on_path)] if on_path else []
    versions = {path: _read_version(path) for path in found}
    newest = max(versions, key=lambda path: versions[path], default=None)
    if newest is not None and versions[newest] >= server_version:
        return newest
    here = "here is none" if newest is None else f"the newest here is {versions[newest]}"
    raise BackupToolError(
        f"The server is PostgreSQL {server_version}, which needs {name} {server_version} or newer; "
        f"{here}. Install postgresql-client-{server_version} (Debian), or do this on a machine "
        "that has it."
    )


def _read_version(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    matched = re.search(r"\) (\d+)", said.stdout)
    return int(matched[1]) if matched else 0
