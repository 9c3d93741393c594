# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test get a PostgreSQL? A cluster of its own, from Debian's server programs.

It lives in a temporary folder, listens on a socket in there, and forgets the disk (no fsync). As
root it runs as the user ``postgres``: the server refuses to run as root.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

USER = "myx"
PASSWORD = "p%40ss-word-of-the-database"
"""With a character that must be quoted in a URL; quoted."""

READY_S = 60

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    # Whoever was cancelled as it signed in holds up DROP DATABASE for so long (else a minute).
    "authentication_timeout": "10s",
}


def find_programs() -> Path | None:
    """Return the folder of the newest server's programs, or None where none is installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda path: float(path.parts[-3]),
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).parent if on_path else None


class PostgresCluster:
    """A cluster that runs until it is closed."""

    def __init__(self, programs: Path, **settings: str) -> None:
        """Make it and start it; ``settings`` go beyond those for tests."""
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="myx-pg-"))
        self._user = _find_user()
        self._numbers = count(1)
        if self._user is not None:
            os.chown(self.folder, *self._user)
        password_file = self.folder / "password"
        password_file.write_text(PASSWORD.replace("%40", "@"))
        password_file.chmod(0o644)
        self._run(
            "initdb", "--username", USER, "--auth=scram-sha-256", f"--pwfile={password_file}",
            "--locale=C.UTF-8", "--encoding=UTF8", "--no-sync", "--pgdata", self._data,
        )  # fmt: skip
        self._server = self._start(SETTINGS | settings)
        self._await()

    def make_url(self, database: str) -> str:
        """Return the libpq URL of a database."""
        return f"postgresql://{USER}:{PASSWORD}@/{database}?host={self.folder}"

    def create_database(self, template: str = "template0") -> str:
        """Make a database and return its name."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.make_url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')  # type: ignore[arg-type]
        return name

    def drop_database(self, name: str) -> None:
        """Forget a database, whoever is connected."""
        with psycopg.connect(self.make_url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]

    @contextmanager
    def closed_to_all(self, name: str) -> Iterator[None]:
        """Let nobody into a database while the block lasts, and send away who is there."""
        with psycopg.connect(self.make_url("postgres"), autocommit=True) as connection:
            allow = f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS'
            connection.execute(f"{allow} false")  # type: ignore[arg-type]
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s",
                [name],
            )
            yield
            connection.execute(f"{allow} true")  # type: ignore[arg-type]

    def close(self) -> None:
        """Stop it at once and forget its data."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait()
        shutil.rmtree(self.folder)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        ran = subprocess.run(
            [self.programs / program, *arguments],
            capture_output=True, text=True, check=False, cwd=self.folder, **self._as_user(),
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr

    def _start(self, settings: dict[str, str]) -> "subprocess.Popen[bytes]":
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                [self.programs / "postgres", "-D", self._data, "-k", self.folder, *options],
                stdout=log, stderr=log, cwd=self.folder, **self._as_user(),
            )  # fmt: skip

    def _await(self) -> None:
        deadline = time.monotonic() + READY_S
        while not self._answers():
            log = (self.folder / "log").read_text()
            assert self._server.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.make_url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _as_user(self) -> dict[str, object]:
        if self._user is None:
            return {}
        return {"user": self._user[0], "group": self._user[1], "extra_groups": []}


def _find_user() -> tuple[int, int] | None:
    """Return whom the server runs as; None for whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise AssertionError("there is no user that PostgreSQL can run as")
