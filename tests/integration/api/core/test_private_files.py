# SPDX-License-Identifier: GPL-3.0-or-later
import threading
from pathlib import Path

import pytest

from api.core.errors import SettingsError
from api.core.exclusive import DataDirTakenError, ExclusiveLock
from api.core.private_files import (
    ensure_private_dir,
    read_or_create_private_file,
    write_private_file,
)
from api.core.sealing import KEY_BYTES, load_sealer


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_private_folder_is_closed(tmp_path: Path) -> None:
    """The folder is made with its parents, and one that was open is closed."""
    made = ensure_private_dir(tmp_path / "a/b")
    assert _mode(made) == 0o700
    made.chmod(0o755)
    assert _mode(ensure_private_dir(made)) == 0o700


def test_a_folder_that_cannot_be_is_explained(tmp_path: Path) -> None:
    """Where a file is in the way, the error names the path and the setting."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"file/x cannot be used.*MYX_DATA_DIR"):
        ensure_private_dir(tmp_path / "file/x")


def test_a_private_file_is_whole_and_closed(tmp_path: Path) -> None:
    """The file has mode 0600 and nothing is left beside it."""
    path = tmp_path / "secret"
    write_private_file(path, b"one")
    write_private_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert _mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_the_first_content_stays(tmp_path: Path) -> None:
    """What the first start wrote is what every later one reads."""
    path = tmp_path / "token"
    assert read_or_create_private_file(path, lambda: b"first") == b"first"
    assert read_or_create_private_file(path, lambda: b"second") == b"first"
    assert _mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_two_starts_at_once_agree(tmp_path: Path) -> None:
    """Both read the same content, whoever wrote it."""
    path = tmp_path / "token"
    both_made = threading.Barrier(2)
    found: list[bytes] = []

    def start(content: bytes) -> None:
        def make() -> bytes:
            both_made.wait()
            return content

        found.append(read_or_create_private_file(path, make))

    threads = [threading.Thread(target=start, args=(content,)) for content in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]
    assert list(tmp_path.iterdir()) == [path]


def test_a_data_directory_has_one_owner(tmp_path: Path) -> None:
    """A second lock is refused with a remedy until the first is released."""
    first, second = ExclusiveLock(tmp_path / "lock"), ExclusiveLock(tmp_path / "lock")
    first.acquire()
    with pytest.raises(DataDirTakenError, match=rf"{tmp_path}.*MYX_DATA_DIR"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_the_key_is_made_once(tmp_path: Path) -> None:
    """What one start has sealed opens after the next."""
    key_file = tmp_path / "secret.key"
    sealed = load_sealer(key_file).seal(b"x", "a")
    assert load_sealer(key_file).unseal(sealed, "a") == b"x"
    assert key_file.stat().st_size == KEY_BYTES
    assert _mode(key_file) == 0o600


def test_a_damaged_key_stops_the_start(tmp_path: Path) -> None:
    """A key of another length is refused before anything is sealed with it."""
    key_file = tmp_path / "secret.key"
    key_file.write_bytes(b"short")
    with pytest.raises(SettingsError, match=r"Restore it from your backup"):
        load_sealer(key_file)
