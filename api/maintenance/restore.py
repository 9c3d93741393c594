# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a backup become a control plane again? With nobody running, and only into nothing."""

import contextlib
import json
import shutil
from pathlib import Path

from sqlalchemy import create_engine, inspect

from api.core.exclusive import ExclusiveLock
from api.core.private_files import ensure_private_dir
from api.core.settings import Settings
from api.maintenance import pg_programs
from api.maintenance.backup import (
    DUMP_NAME,
    FACTS_NAME,
    SQLITE_NAME,
    Facts,
    digest_secret_key,
)
from api.maintenance.errors import BackupFormError, RestoreTargetError


def restore(settings: Settings, source: Path, *, replace: bool) -> Facts:
    """Bring back what a backup holds, into the database and data directory of the settings.

    Args:
        settings: where it goes.
        source: the folder of the backup.
        replace: remove what is there.

    Raises:
        DataDirTakenError: a control plane runs there.
        BackupFormError: the folder is no backup, or not one for this database or key.
        RestoreTargetError: there is something already.
        BackupToolError: as ``pg_programs.restore``.
    """
    facts = _read_facts(settings, source)
    ensure_private_dir(settings.data_dir)
    lock = ExclusiveLock(settings.data_dir / "lock")
    lock.acquire()
    try:
        if _has_tables(settings) and not replace:
            raise RestoreTargetError(
                "There is data already where the backup should go. Use another MYX_DATA_DIR or "
                "MYX_DATABASE_URL, or --replace to remove it."
            )
        _restore_keys(settings, source, facts)
        _restore_tables(settings, source)
        for folder in (settings.logs_dir, settings.bundles_dir):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(source / folder.name, folder)
    finally:
        lock.release()
    return facts


def _read_facts(settings: Settings, source: Path) -> Facts:
    try:
        facts = Facts(**json.loads((source / FACTS_NAME).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise BackupFormError(f"{source} is no backup of MyX: it has no {FACTS_NAME}.") from error
    wanted = "sqlite" if settings.postgresql_url is None else "postgresql"
    if facts.database != wanted:
        raise BackupFormError(
            f"The backup is of {facts.database} and the settings say {wanted}: "
            "set MYX_DATABASE_URL as it was."
        )
    return facts


def _restore_keys(settings: Settings, source: Path, facts: Facts) -> None:
    """Bring the keys back, or make sure that those which are there are the right ones."""
    if facts.has_keys:
        for path in (settings.secret_key_file, settings.signing_key_file):
            shutil.copy2(source / path.name, path)
        with contextlib.suppress(FileNotFoundError):
            token = settings.admin_token_file
            shutil.copy2(source / token.name, token)
    if not settings.secret_key_file.exists():
        raise BackupFormError(
            "The backup holds no keys. Put secret.key, signing.key and admin-token of the control "
            f"plane that it is of into {settings.data_dir} first."
        )
    if digest_secret_key(settings.secret_key_file) != facts.secret_key_sha256:
        raise BackupFormError(
            f"{settings.secret_key_file} is not the key of the control plane that the backup is "
            "of: its secrets would not open."
        )


def _restore_tables(settings: Settings, source: Path) -> None:
    if settings.postgresql_url is not None:
        pg_programs.restore(settings, source / DUMP_NAME)
        return
    for file in (settings.database_file, settings.workflows_database_file):
        for path in file.parent.glob(f"{file.name}*"):
            path.unlink()
    partial = settings.database_file.with_suffix(".part")
    shutil.copyfile(source / SQLITE_NAME, partial)
    partial.rename(settings.database_file)


def _has_tables(settings: Settings) -> bool:
    if settings.postgresql_url is None:
        return settings.database_file.exists()
    engine = create_engine(settings.sqlalchemy_url)
    try:
        return inspect(engine).has_table("alembic_version")
    finally:
        engine.dispose()
