# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import os
import tarfile
from pathlib import Path

import pytest

from api.bundles.archive import build_bundle, pack_scan
from api.bundles.errors import BundleTooLargeError, ContentError
from api.bundles.limits import BundleLimits
from api.bundles.scan import scan_folder
from api.bundles.verify import verify_archive


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """Return a content folder with one of everything."""
    folder = tmp_path / "content"
    (folder / "playbooks").mkdir(parents=True)
    (folder / "playbooks/site.yml").write_text("- hosts: all\n")
    (folder / "files/empty").mkdir(parents=True)
    (folder / "files/run.sh").write_text("#!/bin/sh\n")
    (folder / "files/run.sh").chmod(0o700)
    (folder / "files/\u00fc.txt").write_text("umlaut")
    (folder / "playbooks/files").symlink_to("../files")
    (folder / ".git").mkdir()
    (folder / ".git/config").write_text("secret")
    (folder / "docs").mkdir()
    (folder / "docs/page.md").write_text("page")
    (folder / ".myxignore").write_text("/docs/\n*.bak\n")
    (folder / "old.bak").write_text("old")
    return folder


def _list_members(archive: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(archive) as opened:
        return {member.name: member for member in opened.getmembers()}


def test_a_bundle_holds_the_content(content: Path, tmp_path: Path) -> None:
    """Files, folders and links are there; hidden and ignored ones are not."""
    bundle = build_bundle(content, tmp_path / "b")
    members = _list_members(bundle.path)
    assert list(members) == [
        "files",
        "files/empty",
        "files/run.sh",
        "files/\u00fc.txt",
        "playbooks",
        "playbooks/files",
        "playbooks/site.yml",
    ]
    assert bundle.files == len(members)
    assert bundle.size_bytes == bundle.path.stat().st_size
    assert bundle.digest == hashlib.sha256(bundle.path.read_bytes()).hexdigest()
    assert members["playbooks/files"].linkname == "../files"
    with tarfile.open(bundle.path) as opened:
        file = opened.extractfile("playbooks/site.yml")
        assert file is not None
        assert file.read() == b"- hosts: all\n"


def test_a_bundle_tells_nothing_of_its_maker(content: Path, tmp_path: Path) -> None:
    """Owners, times and modes are the same on every machine; the executable bit stays."""
    members = _list_members(build_bundle(content, tmp_path / "b").path)
    for member in members.values():
        assert (member.uid, member.gid, member.uname, member.gname, member.mtime) == (
            0,
            0,
            "",
            "",
            0,
        )
    assert members["files/run.sh"].mode == 0o755
    assert members["playbooks/site.yml"].mode == 0o644


def test_equal_content_is_an_equal_digest(content: Path, tmp_path: Path) -> None:
    """Other times, other modes and another place do not make another bundle."""
    first = build_bundle(content, tmp_path / "b")
    elsewhere = content.rename(tmp_path / "elsewhere")
    os.utime(elsewhere / "playbooks/site.yml", (1, 1))
    (elsewhere / "playbooks/site.yml").chmod(0o600)
    (elsewhere / ".git/config").write_text("changed")
    assert build_bundle(elsewhere, tmp_path / "c").digest == first.digest


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "new").touch(),
        lambda folder: (folder / "playbooks/site.yml").write_text("- hosts: web\n"),
        lambda folder: (folder / "files/run.sh").chmod(0o600),
        lambda folder: (folder / "files/empty").rmdir(),
        lambda folder: (folder / "files/run.sh").rename(folder / "files/start.sh"),
        lambda folder: (folder / ".myxignore").write_text("/docs/\n"),
    ],
)
def test_a_change_is_another_digest_and_another_signature(
    content: Path, tmp_path: Path, change: object
) -> None:
    """Content, names, executable bits and what is ignored all count."""
    before, signature = build_bundle(content, tmp_path / "b"), scan_folder(content).signature
    change(content)  # type: ignore[operator]
    assert scan_folder(content).signature != signature
    assert build_bundle(content, tmp_path / "c").digest != before.digest


def test_an_unchanged_folder_keeps_its_signature(content: Path) -> None:
    """Scanning twice says the same, so that nothing is packed again."""
    assert scan_folder(content).signature == scan_folder(content).signature


def test_links_inside_become_relative(content: Path, tmp_path: Path) -> None:
    """An absolute link to the content itself works on the host too."""
    (content / "playbooks/absolute").symlink_to(content / "files/run.sh")
    (content / "dangling").symlink_to("nowhere/yet")
    bundle = build_bundle(content, tmp_path / "b")
    members = _list_members(bundle.path)
    assert members["playbooks/absolute"].linkname == "../files/run.sh"
    assert members["dangling"].linkname == "nowhere/yet"
    assert verify_archive(bundle.path, BundleLimits()) == bundle.files


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../outside", "../../x", "playbooks/files/../../.."]
)
def test_links_out_are_refused(content: Path, tmp_path: Path, target: str) -> None:
    """A link that leads out of the folder is named, with both remedies."""
    (tmp_path / "outside").touch()
    (content / "bad").symlink_to(target)
    with pytest.raises(ContentError, match=r"'bad' leads to .*\.myxignore"):
        build_bundle(content, tmp_path / "b")
    (content / ".myxignore").write_text("bad\n")
    build_bundle(content, tmp_path / "b")


def test_a_link_through_another_link_cannot_lead_out(content: Path, tmp_path: Path) -> None:
    """What looks inside by its name and is outside on the disk is refused."""
    (tmp_path / "elsewhere/deep").mkdir(parents=True)
    (content / ".door").symlink_to(tmp_path / "elsewhere/deep")
    (content / "bad").symlink_to(".door/../secret")
    with pytest.raises(ContentError, match="'bad' leads to"):
        build_bundle(content, tmp_path / "b")


def test_what_is_no_file_is_refused(content: Path, tmp_path: Path) -> None:
    """A pipe in the folder is an error and not an endless read."""
    os.mkfifo(content / "pipe")
    with pytest.raises(ContentError, match="'pipe' is neither file, folder nor link"):
        build_bundle(content, tmp_path / "b")


def test_strange_names_are_refused(content: Path, tmp_path: Path) -> None:
    """A name that would confuse a terminal is told in a form that does not."""
    (content / "a\nb").touch()
    with pytest.raises(ContentError, match=r"'a\\nb'"):
        build_bundle(content, tmp_path / "b")


def test_a_missing_folder_is_explained(tmp_path: Path) -> None:
    """A folder that is not there, or is a file, names both ways to set it."""
    with pytest.raises(ContentError, match="--content, or MYX_CONTENT_DIR"):
        build_bundle(tmp_path / "nope", tmp_path / "b")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda path: path.write_text("longer than before"), "changed while it was packed"),
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/passwd")), "cannot be read"),
    ],
)
def test_a_file_that_changes_meanwhile_is_no_content(
    content: Path, tmp_path: Path, change: object, says: str
) -> None:
    """Between scan and packing nothing may be swapped for something else."""
    scan = scan_folder(content)
    change(content / "playbooks/site.yml")  # type: ignore[operator]
    with pytest.raises(ContentError, match=f"'playbooks/site.yml' {says}"):
        pack_scan(scan, tmp_path / "b", BundleLimits())


@pytest.mark.parametrize(
    ("limits", "setting"),
    [
        (BundleLimits(max_files=6), "MYX_BUNDLE_MAX_FILES"),
        (BundleLimits(unpacked_max_bytes=10), "MYX_BUNDLE_UNPACKED_MAX_BYTES"),
        (BundleLimits(max_bytes=10), "MYX_BUNDLE_MAX_BYTES"),
    ],
)
def test_too_much_content_names_the_limit(
    content: Path, tmp_path: Path, limits: BundleLimits, setting: str
) -> None:
    """Each limit says which setting raises it."""
    with pytest.raises(BundleTooLargeError, match=f"myxignore.*{setting}"):
        build_bundle(content, tmp_path / "b", limits)
