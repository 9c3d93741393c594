# SPDX-License-Identifier: GPL-3.0-or-later
"""Where does the control plane keep what it remembers? The settings of its databases."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

_SCHEMES = frozenset({"postgresql", "postgres"})


def _check_database_url(url: SecretStr) -> SecretStr:
    # None of the URL is repeated in the message: it may hold a password.
    try:
        parts = urlsplit(url.get_secret_value())
        is_usable = parts.scheme in _SCHEMES and len(parts.path) > 1 and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError(
            "it is not postgresql://USER:PASSWORD@HOST:PORT/DATABASE; leave it out for SQLite in "
            "MYX_DATA_DIR"
        )
    return url


class StorageSettings(BaseSettings):
    """What can be set about databases; a part of ``Settings``."""

    database_url: Annotated[SecretStr, AfterValidator(_check_database_url)] | None = Field(
        default=None,
        description="PostgreSQL database of the control plane, "
        "postgresql://USER:PASSWORD@HOST:PORT/DATABASE. The default is SQLite in MYX_DATA_DIR.",
    )
    database_connections: int = Field(
        default=10,
        ge=2,
        le=200,
        description="Connections to PostgreSQL for the control plane's tables; the durable engine "
        "takes up to 20 more.",
    )
    replica_lost_after_s: float = Field(
        default=15.0,
        ge=1,
        description="Seconds without a word from a replica on the same PostgreSQL database until "
        "the others take its runs over.",
    )
    log_store: Literal["files", "database"] | None = Field(
        default=None,
        description="Where executions' logs lie: 'files' in MYX_DATA_DIR, or rows of the "
        "'database', which every replica reads. The default is the database with PostgreSQL, "
        "files with SQLite.",
    )

    @property
    def postgresql_url(self) -> str | None:
        """The libpq URL of the database with its password; None for SQLite."""
        if self.database_url is None:
            return None
        return "postgresql://" + self.database_url.get_secret_value().partition("://")[2]

    @property
    def keeps_logs_in_database(self) -> bool:
        """Whether logs are rows of the database."""
        if self.log_store is None:
            return self.database_url is not None
        return self.log_store == "database"
