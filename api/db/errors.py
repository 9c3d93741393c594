# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with the database?

``UnavailableError``
├── ``DatabaseBusyError``         others wrote for too long, or at the same rows
├── ``DatabaseFullError``         its disk has no room
└── ``DatabaseUnreachableError``  PostgreSQL does not answer
``SettingsError``
├── ``DatabaseRefusedError``      at the start: PostgreSQL does not let us in
├── ``DatabaseTooOldError``       this MyX knows newer revisions; migrate
└── ``DatabaseTooNewError``       a newer MyX wrote it
"""

from sqlalchemy.exc import DBAPIError

from api.core.errors import SettingsError, UnavailableError

_BUSY_STATES = frozenset({"55P03", "40P01", "40001"})
"""PostgreSQL's states of a lock that was waited for too long, a deadlock, and a lost race."""

_FULL_STATE = "53100"
"""PostgreSQL's state of a disk without room."""


class DatabaseBusyError(UnavailableError):
    """The database is busy with other writes; try again."""

    code = "database_busy"


class DatabaseFullError(UnavailableError):
    """The database's disk is full; make room, and it goes on."""

    code = "database_full"


class DatabaseUnreachableError(UnavailableError):
    """The database does not answer; try again, and look whether PostgreSQL runs."""

    code = "database_unreachable"


class DatabaseRefusedError(SettingsError):
    """The database cannot be used as MYX_DATABASE_URL says."""

    code = "database_refused"


class DatabaseTooOldError(SettingsError):
    """The database has an older form than this version of MyX works with."""

    code = "database_too_old"


class DatabaseTooNewError(SettingsError):
    """The database was written by a newer version of MyX."""

    code = "database_too_new"


def translate_error(error: DBAPIError) -> UnavailableError | None:
    """Return the error of ours for what passes by itself; None for a fault."""
    if "database is locked" in str(error.orig):
        return DatabaseBusyError()
    state = getattr(error.orig, "sqlstate", None)
    if state in _BUSY_STATES:
        return DatabaseBusyError()
    if state == _FULL_STATE or "database or disk is full" in str(error.orig):
        return DatabaseFullError()
    if error.connection_invalidated or is_connection_failure(error):
        return DatabaseUnreachableError()
    return None


def is_connection_failure(error: DBAPIError) -> bool:
    """Say whether PostgreSQL was not reached, let nobody in, or is about to stop."""
    if type(error.orig).__name__ not in {"OperationalError", "ConnectionTimeout", "AdminShutdown"}:
        return False
    state = getattr(error.orig, "sqlstate", None)
    return type(error.orig).__module__.startswith("psycopg") and (
        state is None or state.startswith(("08", "57P", "53", "28", "3D"))
    )
