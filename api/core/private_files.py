# SPDX-License-Identifier: GPL-3.0-or-later
"""How do secrets and data lie on disk? Folders 0700, files 0600, written whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from api.core.errors import SettingsError

PRIVATE_DIR_MODE = 0o700
PRIVATE_FILE_MODE = 0o600


def ensure_private_dir(path: Path) -> Path:
    """Make the folder with its parents, closed to other users, and return it.

    Raises:
        SettingsError: it cannot be made or belongs to somebody else.
    """
    try:
        path.mkdir(mode=PRIVATE_DIR_MODE, parents=True, exist_ok=True)
        path.chmod(PRIVATE_DIR_MODE)
    except OSError as error:
        raise SettingsError(
            f"The folder {path} cannot be used: {error.strerror}. "
            "Give it to this user, or name another with MYX_DATA_DIR."
        ) from error
    return path


def write_private_file(path: Path, content: bytes) -> None:
    """Write the file with mode 0600 so that a reader sees all of it or the one before."""
    with _write_beside(path, content) as temporary:
        temporary.replace(path)
    sync_folder(path.parent)


def read_or_create_private_file(path: Path, make_content: Callable[[], bytes]) -> bytes:
    """Return the file's content; where there is none yet, write ``make_content()`` first.

    Two processes that start at once agree on the content: the first to link its file wins.
    """
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    with (
        _write_beside(path, make_content()) as temporary,
        contextlib.suppress(FileExistsError),
    ):
        path.hardlink_to(temporary)
    sync_folder(path.parent)
    return path.read_bytes()


@contextlib.contextmanager
def _write_beside(path: Path, content: bytes) -> Iterator[Path]:
    """Lend a complete file in the same folder, and remove what is left of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Make names in the folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
