# SPDX-License-Identifier: GPL-3.0-or-later

import io
import os
import tarfile
from pathlib import Path

import pytest

from api.bundles import content
from api.bundles.content import read_bundle


def _pack(archive: Path, files: dict[str, bytes], **links: str) -> Path:
    with tarfile.open(archive, "w:gz") as bundle:
        folder = tarfile.TarInfo("tasks")
        folder.type = tarfile.DIRTYPE
        bundle.addfile(folder)
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            bundle.addfile(member, io.BytesIO(text))
        for name, target in links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            bundle.addfile(member)
    return archive


def test_a_bundle_is_read_once(tmp_path: Path) -> None:
    """Who looks into the same archive again gets what was read; another one is another."""
    archive = _pack(tmp_path / "a.tar.gz", {"site.yml": b"[]", "tasks/x.yml": b"- a"})
    first = read_bundle(archive)
    assert read_bundle(archive) is first
    assert first.names == {"site.yml", "tasks/x.yml"}

    _pack(archive, {"other.yml": b"new"})
    os.utime(archive, ns=(1, 1))
    assert read_bundle(archive).read(["other.yml", "site.yml"]) == {"other.yml": b"new"}


def test_what_was_read_needs_no_archive(tmp_path: Path) -> None:
    """YAML is kept from the first look on; what is not there is left out."""
    archive = _pack(tmp_path / "a.tar.gz", {"site.yml": b"[]"})
    seen = read_bundle(archive)
    archive.unlink()
    assert seen.read(["site.yml", "absent.yml"]) == {"site.yml": b"[]"}


@pytest.mark.parametrize("limit", ["MAX_KEPT_FILE_BYTES", "MAX_KEPT_BYTES"])
def test_what_is_not_kept_is_read_all_the_same(
    tmp_path: Path, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large files, files of other names and links are read from the archive when asked for."""
    monkeypatch.setattr(content, limit, 5)
    files = {"large.yml": b"x" * 10, "tasks/no_ending": b"- a", "small.yml": b"- b"}
    found = read_bundle(_pack(tmp_path / "a.tar.gz", files, linked="small.yml"))
    wanted = {**files, "linked": b"- b"}
    assert found.names == wanted.keys()
    assert found.read(list(wanted)) == wanted
    assert found.yaml_sizes == {"large.yml": 10, "small.yml": 3}
