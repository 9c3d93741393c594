# SPDX-License-Identifier: GPL-3.0-or-later
import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from api.bundles.errors import BundleRejectedError, BundleTooLargeError
from api.bundles.limits import BundleLimits
from api.bundles.verify import verify_archive


def _member(name: str, content: bytes = b"", **changes: Any) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for field, value in changes.items():
        setattr(member, field, value)
    return member, content


def _write(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return path


def _link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return _member(name, type=tarfile.SYMTYPE, linkname=target)


def test_a_safe_archive_is_counted(tmp_path: Path) -> None:
    """Files, folders and links that stay inside are fine, in any order, whoever packed them."""
    archive = _write(
        tmp_path / "b",
        _link("link", "folder/file"),
        _member("folder", type=tarfile.DIRTYPE),
        _member("folder/file", b"x" * 100, uid=1000, mode=0o4755),
        _link("folder/up", "../link"),
    )
    assert verify_archive(archive, BundleLimits()) == 4


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([_member("/etc/passwd")], "leads out"),
        ([_member("../x")], "leads out"),
        ([_member("a/../../x")], "no plain relative path"),
        ([_member("./x")], "no plain relative path"),
        ([_member("a//x")], "no plain relative path"),
        ([_member("..")], "no plain relative path"),
        ([_member("a\x1b[2J")], "no plain relative path"),
        ([_link("a", "/etc")], "a link that leads out"),
        ([_link("a", "..")], "a link that leads out"),
        ([_link("a/b", "../../x")], "a link that leads out"),
        ([_member("a", type=tarfile.LNKTYPE, linkname="b")], "no plain file, folder"),
        ([_member("a", type=tarfile.FIFOTYPE)], "no plain file, folder"),
        ([_member("a", type=tarfile.CHRTYPE)], "no plain file, folder"),
        ([_member("a"), _member("a")], "is there twice"),
        ([_link("a", "b"), _member("a/x")], "lies behind a link"),
        ([_member("a/b/x"), _link("a", "c")], "lies behind a link"),
    ],
)
def test_an_unsafe_member_is_named(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]], says: str
) -> None:
    """Whatever a bundle must not do is refused, with the member and the reason."""
    with pytest.raises(BundleRejectedError, match=says) as caught:
        verify_archive(_write(tmp_path / "b", *members), BundleLimits())
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    "content", [b"", b"no archive", gzip.compress(b"no tar"), gzip.compress(b"")]
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    """Other files are told from archives."""
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(BundleRejectedError, match=r"no intact tar.gz"):
        verify_archive(tmp_path / "b", BundleLimits())


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_cut_archive_is_refused(tmp_path: Path, keep: float) -> None:
    """A download that ended early is no bundle."""
    archive = _write(tmp_path / "b", *[_member(f"f{i}", bytes([i]) * 5000) for i in range(50)])
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(BundleRejectedError, match=r"no intact tar.gz"):
        verify_archive(archive, BundleLimits())


def test_limits_hold_for_what_is_sent(tmp_path: Path) -> None:
    """Too many files, and too many bytes by the headers, are refused."""
    archive = _write(tmp_path / "b", _member("a", b"x" * 1000), _member("b", b"x" * 1000))
    with pytest.raises(BundleTooLargeError):
        verify_archive(archive, BundleLimits(max_files=1))
    with pytest.raises(BundleTooLargeError):
        verify_archive(archive, BundleLimits(unpacked_max_bytes=1999))
    assert verify_archive(archive, BundleLimits(max_files=2, unpacked_max_bytes=2000)) == 2


def test_an_extended_header_is_refused_unread(tmp_path: Path) -> None:
    """A header that would take long to take apart is refused before anybody tries."""
    bomb = tarfile.TarInfo("a")
    bomb.pax_headers = {"comment": "x" * 20_000_000}
    with tarfile.open(tmp_path / "b", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(bomb)
    with pytest.raises(BundleRejectedError, match="PaxHeader"):
        verify_archive(tmp_path / "b", BundleLimits(unpacked_max_bytes=1000, max_files=10))
