# SPDX-License-Identifier: GPL-3.0-or-later
import errno
import gzip
import os
import stat
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_runner.content import disk
from agent_runner.content.tree import MAX_DEPTH
from agent_runner.content.unpack import UnpackLimits, unpack_bundle
from agent_runner.protocol.archives import MAX_LONG_NAME_BYTES
from agent_runner.protocol.errors import BundleRejectedError, DiskFullError, InternalError

Build = Callable[..., bytes]
Unpack = Callable[..., Path]

LINK = {"type": tarfile.SYMTYPE}
FOLDER = {"type": tarfile.DIRTYPE}


def _link(target: str) -> dict[str, object]:
    return {**LINK, "linkname": target}


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT])
def test_content_arrives_as_it_was(build: Build, unpack: Unpack, tar_format: int) -> None:
    """Files, empty folders, long names and links that stay inside are made."""
    long_name = f"roles/{'d' * 90}/{'f' * 90}.yml"
    target = unpack(
        build(
            ("./playbooks/site.yml", b"- hosts: all\n", {}),
            ("empty", None, FOLDER),
            (long_name, b"long", {}),
            ("current", None, _link("playbooks/site.yml")),
            ("playbooks/roles", None, _link("../roles")),
            (".", None, FOLDER),
            tar_format=tar_format,
        )
    )
    assert (target / "playbooks/site.yml").read_bytes() == b"- hosts: all\n"
    assert (target / "current").read_bytes() == b"- hosts: all\n"
    assert (target / "playbooks" / long_name).read_bytes() == b"long"
    assert (target / "empty").is_dir()


def test_modes_are_ours(build: Build, unpack: Unpack) -> None:
    """Only the owner may do anything; of the modes nothing but "executable" survives."""
    target = unpack(
        build(
            ("folder", None, {**FOLDER, "mode": 0o7777}),
            ("folder/setuid", b"", {"mode": 0o6755}),
            ("folder/open", b"", {"mode": 0o666}),
        )
    )
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (target / "folder").iterdir()}
    assert modes == {"setuid": 0o700, "open": 0o600}
    assert stat.S_IMODE((target / "folder").stat().st_mode) == 0o700
    assert stat.S_IMODE(target.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("/etc/evil", b"x", {})], "leads out"),
        ([("../evil", b"x", {})], "leads out"),
        ([("a/../../evil", b"x", {})], "leads out"),
        ([("a", None, _link("/etc"))], "link out"),
        ([("a", None, _link(".."))], "link out"),
        ([("a/b", None, _link("../../content"))], "link out"),
        ([("a", None, _link(""))], "link out"),
        ([("p/q/up", None, _link("../..")), ("p/q/out", None, _link("up/.."))], "link out"),
        ([("a", None, _link("b")), ("a/evil", b"x", {}), ("b/c", b"", {})], "is there twice"),
        ([("a", b"x", {}), ("a", None, _link("b"))], "is there twice"),
        ([("a", None, _link("b")), ("a/c", None, _link("d"))], "is there twice"),
        ([("a", b"x", {}), ("a", b"y", {})], "is there twice"),
        ([("a", b"x", {}), ("./a", b"y", {})], "is there twice"),
        ([("a", None, FOLDER), ("a", b"x", {})], "is there twice"),
        ([("a/b", b"x", {}), ("a", b"x", {})], "is there twice"),
        ([("a", b"x", {}), ("a/b", b"x", {})], "is there twice"),
        (
            [("a", b"x", {}), ("b", None, {"type": tarfile.LNKTYPE, "linkname": "a"})],
            "is no plain file",
        ),
        ([("a", None, {"type": tarfile.CHRTYPE, "devmajor": 1})], "is no plain file"),
        ([("a", None, {"type": tarfile.BLKTYPE})], "is no plain file"),
        ([("a", None, {"type": tarfile.FIFOTYPE})], "is no plain file"),
        ([("a", None, {"type": b"X"})], "is no plain file"),
        ([("/".join("d" * (MAX_DEPTH + 1)), b"", {})], "folders deep"),
        ([("n" * 300, b"", {})], "too long a name"),
        ([(".", b"", {})], "is there twice"),
    ],
)
def test_what_is_unsafe_is_refused(
    build: Build, unpack: Unpack, members: list[Any], reason: str
) -> None:
    """Whatever would leave the folder, or be anything but a plain tree, is refused by name."""
    with pytest.raises(BundleRejectedError, match=reason):
        unpack(build(*members))


def test_too_many_files_stop_early(build: Build, unpack: Unpack) -> None:
    """Files are counted, and so are the folders that their names imply."""
    with pytest.raises(BundleRejectedError, match="more than 10 files"):
        unpack(build(*[(f"f{n}", b"", {}) for n in range(11)]), max_members=10)
    with pytest.raises(BundleRejectedError, match="more than 10 files"):
        unpack(build(("a/b/c/d/e/f/g/h/i/j/k", b"", {})), max_members=10)


def test_too_many_bytes_stop_early(build: Build, unpack: Unpack) -> None:
    """The announced sizes are added up before anything of the file is written."""
    archive = build(("a", b"x" * 600, {}), ("b", b"x" * 600, {}))
    with pytest.raises(BundleRejectedError, match="more than 1000 bytes"):
        unpack(archive, max_bytes=1000)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.GNUTYPE_LONGNAME, "without end"),
        (tarfile.GNUTYPE_LONGLINK, "without end"),
        (tarfile.XHDTYPE, "is no plain file"),
        (tarfile.XGLTYPE, "is no plain file"),
        (tarfile.GNUTYPE_SPARSE, "is no plain file"),
    ],
)
def test_bombs_in_headers_are_not_read(unpack: Unpack, kind: bytes, reason: str) -> None:
    """A description that never ends, or needs interpreting, is refused by its first block."""
    header = tarfile.TarInfo("x")
    header.type = kind
    header.size = MAX_LONG_NAME_BYTES + 1
    with pytest.raises(BundleRejectedError, match=reason):
        unpack(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + b"0" * 10**6))


def test_names_about_names_end(unpack: Unpack) -> None:
    """A long name that announces a long name, without end, is refused."""
    header = tarfile.TarInfo("x")
    header.type = tarfile.GNUTYPE_LONGNAME
    header.size = 1
    block = header.tobuf(tarfile.GNU_FORMAT) + b"n".ljust(512, b"\0")
    with pytest.raises(BundleRejectedError, match="no intact tar"):
        unpack(gzip.compress(block * 10_000))


def test_pax_is_refused_with_the_remedy(build: Build, unpack: Unpack) -> None:
    """An archive in a format that bundles do not use is refused with the one to use."""
    archive = build(("n" * 150, b"", {}), tar_format=tarfile.PAX_FORMAT)
    with pytest.raises(BundleRejectedError, match="pack in GNU format"):
        unpack(archive)


@pytest.mark.parametrize("cut", [0, 1, 10, 5000, -20])
def test_cut_archives_are_refused(build: Build, unpack: Unpack, cut: int) -> None:
    """An archive that ends too early leaves nothing behind."""
    archive = build(("a", os.urandom(5000), {}), ("b", os.urandom(5000), {}))
    with pytest.raises(BundleRejectedError):
        unpack(archive[:cut] if cut else b"")


_CHANGES = st.lists(st.tuples(st.integers(0, 1023), st.integers(0, 255)), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=_CHANGES, is_checksum_right=st.booleans())
def test_damaged_headers_are_refused_or_harmless(
    build: Build, tmp_path_factory: pytest.TempPathFactory, changes: Any, *, is_checksum_right: bool
) -> None:
    """However a header is damaged, there is a folder or a reason, and nothing outside."""
    tar = bytearray(
        gzip.decompress(build(("dir/file", b"x", {}), ("dir/link", None, _link("file"))))
    )
    for position, value in changes:
        tar[position] = value
    if is_checksum_right:
        _mend_checksum(tar)
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "archive").write_bytes(gzip.compress(bytes(tar), 1))
    (folder / "work").mkdir()
    limits = UnpackLimits(10**6, 100, 0)
    try:
        unpack_bundle(
            folder / "archive", folder / "target", folder / "work", limits, threading.Event()
        )
    except BundleRejectedError:
        assert not (folder / "target").exists()
    assert list((folder / "work").iterdir()) == []
    assert {path.name for path in folder.iterdir()} <= {"archive", "work", "target"}


def _mend_checksum(tar: bytearray) -> None:
    tar[148:156] = b" " * 8
    tar[148:156] = b"%06o\0 " % sum(tar[:512])


def test_stop_ends_it(build: Build, tmp_path: Path) -> None:
    """An agent that stops does not finish unpacking."""
    (tmp_path / "archive").write_bytes(build(("a", b"x", {})))
    stop = threading.Event()
    stop.set()
    limits = UnpackLimits(1000, 10, 0)
    with pytest.raises(InternalError, match="is stopping"):
        unpack_bundle(tmp_path / "archive", tmp_path / "target", tmp_path, limits, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


def test_no_room_is_told_and_leaves_nothing(build: Build, unpack: Unpack) -> None:
    """A disk without room for it ends unpacking with the figures."""
    with pytest.raises(DiskFullError, match="bytes free and needs"):
        unpack(build(("a", b"x", {})), min_free=2**62)


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, DiskFullError), (errno.EIO, OSError)])
def test_only_a_full_disk_is_called_full(number: int, error: type[Exception]) -> None:
    """A write that finds no room becomes DiskFullError, any other failure stays what it is."""
    with pytest.raises(error), disk.translate_full_disk("the bundle"):
        raise OSError(number, os.strerror(number))
