# SPDX-License-Identifier: GPL-3.0-or-later
"""What is a backup, and how is it made while the control plane goes on?

A folder: ``backup.json``, the tables (``myx.db`` or ``myx.dump``), and where they are files
``logs/`` and ``bundles/``. The tables are as they were at one moment; files are copied after it, so
that everything a row speaks of is there: what was added meanwhile does no harm. The durable
engine's own database is left out: runs that had not ended are carried on from their rows.

The keys are left out unless asked for: with them a backup opens every secret in it.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent_runner import __version__
from api.core.settings import Settings
from api.maintenance import pg_programs
from api.maintenance.errors import BackupFormError, RestoreTargetError

FACTS_NAME = "backup.json"
SQLITE_NAME = "myx.db"
DUMP_NAME = "myx.dump"

PAGES_AT_ONCE = 1000
"""Pages of SQLite that are copied before writers get a turn."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a backup says of itself."""

    version: str
    made_at: str
    database: str
    """``sqlite`` or ``postgresql``."""
    secret_key_sha256: str
    """Tells which key opens the secrets in it, and nothing else about the key."""
    has_keys: bool


def back_up(settings: Settings, target: Path, *, with_keys: bool) -> Facts:
    """Save everything into a new folder; the control plane may run meanwhile.

    Raises:
        RestoreTargetError: the folder exists.
        BackupFormError: there is nothing to save.
        BackupToolError: as ``pg_programs.dump``.
    """
    if not settings.secret_key_file.exists():
        raise BackupFormError(
            f"There is no control plane in {settings.data_dir}; set MYX_DATA_DIR."
        )
    with _fresh_folder(target) as folder:
        if settings.postgresql_url is None:
            _copy_sqlite(settings.database_file, folder / SQLITE_NAME)
        else:
            pg_programs.dump(settings, folder / DUMP_NAME)
        for source in (settings.logs_dir, settings.bundles_dir):
            _copy_files(source, folder / source.name)
        if with_keys:
            for key in list_key_files(settings):
                shutil.copy2(key, folder / key.name)
        facts = Facts(
            version=__version__,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            database="sqlite" if settings.postgresql_url is None else "postgresql",
            secret_key_sha256=digest_secret_key(settings.secret_key_file),
            has_keys=with_keys,
        )
        (folder / FACTS_NAME).write_text(json.dumps(asdict(facts), indent=2) + "\n")
    return facts


def list_key_files(settings: Settings) -> list[Path]:
    """List the files without which a restored control plane opens no secret and signs nothing."""
    files = (settings.secret_key_file, settings.signing_key_file, settings.admin_token_file)
    return [path for path in files if path.exists()]


def digest_secret_key(path: Path) -> str:
    """Return what tells one key from another."""
    return hashlib.sha256(b"myx backup\0" + path.read_bytes()).hexdigest()


@contextlib.contextmanager
def _fresh_folder(target: Path) -> Iterator[Path]:
    """Make a folder under another name, which becomes the target when all is in it."""
    if target.exists():
        raise RestoreTargetError(f"{target} exists; name a folder that does not.")
    folder = target.with_name(f"{target.name}.part")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(0o700, parents=True)
    try:
        yield folder
        os.sync()
        folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, while others go on writing."""
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reader,
        contextlib.closing(sqlite3.connect(target)) as writer,
    ):
        # One reading transaction holds the moment fast; in WAL mode it keeps nobody from writing.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reader.backup(writer, pages=PAGES_AT_ONCE)
        writer.execute("PRAGMA journal_mode = DELETE")


def _copy_files(source: Path, target: Path) -> None:
    """Copy a folder whose files may come, grow and go meanwhile."""
    target.mkdir(0o700)
    # Indexes before logs: an index that speaks of bytes which are not there would be torn.
    for path in sorted(source.rglob("*"), key=lambda p: (p.suffix == ".log", str(p))):
        if path.is_file():
            copied = target / path.relative_to(source)
            copied.parent.mkdir(0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                shutil.copy2(path, copied)
