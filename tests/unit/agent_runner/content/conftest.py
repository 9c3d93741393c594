# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives of every kind, and a place to unpack them."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from agent_runner.content.unpack import UnpackLimits, unpack_bundle

Member = tuple[str, bytes | None, dict[str, object]]


def build_archive(*members: Member, tar_format: int = tarfile.GNU_FORMAT) -> bytes:
    """Return a tar.gz of ``(name, content, attributes)``; content ``None``: no data follows."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tar_format) as archive:
        for name, content, attributes in members:
            info = tarfile.TarInfo(name)
            info.size = len(content or b"")
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.addfile(info, None if content is None else io.BytesIO(content))
    return packed.getvalue()


def digest_of(data: bytes) -> str:
    """Return the name of a bundle."""
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def build() -> Callable[..., bytes]:
    """Return the builder of archives."""
    return build_archive


@pytest.fixture
def digest() -> Callable[[bytes], str]:
    """Return what computes the name of a bundle."""
    return digest_of


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return the folder for unfinished things."""
    folder = tmp_path / "content" / ".incoming"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def unpack(tmp_path: Path, workspace: Path) -> Callable[..., Path]:
    """Return what unpacks an archive to ``content/target``; nothing else may remain."""

    def run(
        archive: bytes, *, max_bytes: int = 10**6, max_members: int = 1000, min_free: int = 0
    ) -> Path:
        source = tmp_path / "archive"
        source.write_bytes(archive)
        target = workspace.parent / "target"
        limits = UnpackLimits(max_bytes, max_members, min_free)
        try:
            unpack_bundle(source, target, workspace, limits, threading.Event())
        finally:
            assert list(workspace.iterdir()) == []
            assert {path.name for path in tmp_path.iterdir()} == {"archive", "content"}
        return target

    return run
