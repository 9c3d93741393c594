# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the database one that this version works with, and whole? And how does it become one?"""

import asyncio
from dataclasses import dataclass

from sqlalchemy import Connection, text

from api.core.private_files import ensure_private_dir
from api.core.settings import Settings
from api.db.database import Database
from api.db.migrate import check_revision, migrate

ORDERED_LOCALES = ("C", "POSIX", "C.UTF-8", "C.utf8")
"""Locales that sort as SQLite does."""


@dataclass(frozen=True, slots=True)
class Health:
    """What was found."""

    place: str
    """Which database, without its password."""
    revision: str
    faults: tuple[str, ...]
    """What is broken."""
    remarks: tuple[str, ...]
    """What works and could be better."""


def check_database(settings: Settings) -> Health:
    """Look at the database without changing it.

    Raises:
        DatabaseRefusedError, DatabaseTooOldError, DatabaseTooNewError: as ``check_revision``.
    """
    return asyncio.run(_check(settings))


def migrate_database(settings: Settings) -> Health:
    """Make the tables, or bring them to the form that this version works with.

    Raises:
        DatabaseRefusedError, DatabaseTooNewError: as ``migrate``.
    """
    ensure_private_dir(settings.data_dir)
    return asyncio.run(_migrate(settings))


async def _migrate(settings: Settings) -> Health:
    database = Database(settings.sqlalchemy_url)
    try:
        await migrate(database.engine)
    finally:
        await database.close()
    return await _check(settings)


async def _check(settings: Settings) -> Health:
    database = Database(settings.sqlalchemy_url)
    try:
        revision = await check_revision(database.engine)
        async with database.engine.connect() as connection:
            examine = _examine_sqlite if database.is_sqlite else _examine_postgresql
            place, faults, remarks = await connection.run_sync(examine)
    finally:
        await database.close()
    return Health(place, revision, tuple(faults), tuple(remarks))


def _examine_sqlite(connection: Connection) -> tuple[str, list[str], list[str]]:
    found = connection.scalars(text("PRAGMA quick_check")).all()
    faults = [str(line) for line in found if line != "ok"]
    faults += [
        f"a row of {row[0]} refers to a row of {row[2]} that is not there"
        for row in connection.execute(text("PRAGMA foreign_key_check"))
    ]
    return f"SQLite, {connection.engine.url.database}", faults, []


def _examine_postgresql(connection: Connection) -> tuple[str, list[str], list[str]]:
    version = connection.scalar(text("SHOW server_version"))
    url = connection.engine.url.render_as_string(hide_password=True)
    locale = connection.scalar(
        text("SELECT datcollate FROM pg_database WHERE datname = current_database()")
    )
    remarks = []
    if locale not in ORDERED_LOCALES:
        remarks.append(
            f"The database sorts by the rules of {locale}, so lists are in another order than with "
            "SQLite; createdb --locale=C.UTF-8 makes one that sorts alike."
        )
    return f"PostgreSQL {version}, {url}", [], remarks
