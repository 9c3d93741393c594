# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of compiled code, and from whom it is taken."""

import os
from pathlib import Path

import pytest

from agent_runner.warm.modules.target.caching import CodeCache


def _only_file(folder: Path) -> Path:
    (path,) = (path for path in folder.rglob("*") if path.is_file())
    return path


def test_what_is_stored_is_found_again(tmp_path: Path) -> None:
    """By any process of this account, with this Python."""
    code = compile("x = 1", "name", "exec")
    CodeCache(str(tmp_path / "cache")).store("key", {"a": (code, "place")})
    assert CodeCache(str(tmp_path / "cache")).find("key") == {"a": (code, "place")}
    assert CodeCache(str(tmp_path / "cache")).find("other") is None


def test_without_a_folder_nothing_is_kept() -> None:
    """That is no error."""
    cache = CodeCache(None)
    cache.store("key", 1)
    assert cache.find("key") is None


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o705, 0o750])
def test_a_folder_that_others_can_enter_is_not_used(tmp_path: Path, mode: int) -> None:
    """Neither the one that is given nor the one within."""
    for folder in (tmp_path / "cache", tmp_path / "cache2" / "inner"):
        folder.mkdir(parents=True, mode=0o700)
    (tmp_path / "cache").chmod(mode)
    assert not CodeCache(str(tmp_path / "cache")).is_open
    cache = CodeCache(str(tmp_path / "good"))
    cache.store("key", 1)
    _only_file(tmp_path / "good").parent.chmod(mode)
    assert not CodeCache(str(tmp_path / "good")).is_open


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Neither instead of the folder nor instead of a file."""
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    (tmp_path / "cache").symlink_to(target)
    assert not CodeCache(str(tmp_path / "cache")).is_open
    cache = CodeCache(str(tmp_path / "good"))
    cache.store("key", 1)
    path = _only_file(tmp_path / "good")
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert cache.find("key") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_somebody_else_is_not_used(tmp_path: Path) -> None:
    """Neither a folder nor a file."""
    cache = CodeCache(str(tmp_path / "cache"))
    cache.store("key", 1)
    os.chown(_only_file(tmp_path / "cache"), 65534, 65534)
    assert cache.find("key") is None
    os.chown(tmp_path / "cache", 65534, 65534)
    assert not CodeCache(str(tmp_path / "cache")).is_open


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_file_is_no_file(tmp_path: Path, damage: str) -> None:
    """Compiled code that is not whole would end the interpreter."""
    cache = CodeCache(str(tmp_path / "cache"))
    cache.store("key", list(range(100)))
    path = _only_file(tmp_path / "cache")
    content = path.read_bytes()
    flipped = content[:60] + bytes([content[60] ^ 1]) + content[61:]
    path.write_bytes({"cut": content[:-1], "flipped": flipped, "empty": b""}[damage])
    assert cache.find("key") is None


def test_the_folder_does_not_grow_without_end(tmp_path: Path) -> None:
    """What was not used for longest makes room."""
    cache = CodeCache(str(tmp_path / "cache"), max_bytes=10_000)
    for number in range(50):
        cache.store(f"key{number}", "x" * 1000)
        path = next(path for path in tmp_path.rglob(f"key{number}"))
        os.utime(path, (number, number))
    total = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert 2_000 < total <= 10_000
    assert cache.find("key49") is not None
    assert cache.find("key0") is None


def test_a_full_disk_is_no_error(tmp_path: Path) -> None:
    """Modules run without what is kept."""
    cache = CodeCache(str(tmp_path / "cache"))
    for path in (tmp_path / "cache").iterdir():
        path.rmdir()
    cache.store("key", 1)
    assert cache.find("key") is None
