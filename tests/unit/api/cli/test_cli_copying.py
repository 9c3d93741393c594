# SPDX-License-Identifier: GPL-3.0-or-later

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from api.cli.commands.fleet import copying
from api.cli.errors import CliError, UsageError


class FakeChannel:
    """A host whose shell answers with these exit codes, one after the other."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.commands: list[tuple[str, bytes]] = []
        self.sent: dict[str, bytes] = {}

    @staticmethod
    def make_id() -> str:
        """Return an id."""
        return "id"

    def run(self, command: str, stdin: bytes) -> tuple[int, bytes]:
        """Answer."""
        self.commands.append((command, stdin))
        return self.codes.pop(0), b"no room"

    def put(self, file: BinaryIO, path: str, mode: str) -> bool:
        """Keep what is sent."""
        file.seek(0)
        self.sent[f"{path} {mode}"] = file.read()
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a file and a link."""
    made = tmp_path / "folder"
    (made / "sub").mkdir(parents=True)
    (made / "sub/file").write_bytes(b"hello")
    (made / "link").symlink_to("sub/file")
    return made


def _put(channel: FakeChannel, folder: Path, target: str) -> bool:
    given: Any = channel
    return copying._put_folder(given, folder, target)


def test_a_folder_that_is_there_costs_a_question(folder: Path) -> None:
    """The sums of its files are compared on the host, and nothing is sent."""
    channel = FakeChannel(0)
    assert not _put(channel, folder, "/srv/a b")
    ((command, stdin),) = channel.commands
    assert command.startswith("cd '/srv/a b' ")
    assert stdin == f"{hashlib.sha256(b'hello').hexdigest()}  sub/file\n".encode()
    assert channel.sent == {}


def test_a_folder_is_one_archive(folder: Path) -> None:
    """Files, folders and links arrive together, and what carried them goes."""
    channel = FakeChannel(1, 0)
    assert _put(channel, folder, "/srv/x; reboot")
    ((place, archive),) = channel.sent.items()
    assert place == "/var/tmp/.myx-id.tar 0600"  # noqa: S108 - a name, nothing is there
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        assert packed.getnames() == ["link", "sub", "sub/file"]
    command, _ = channel.commands[1]
    assert "'/srv/x; reboot'" in command
    assert "rm -f /var/tmp/.myx-id.tar" in command


def test_what_the_host_cannot_unpack_is_told(folder: Path) -> None:
    """In its own words."""
    with pytest.raises(CliError, match="no room"):
        _put(FakeChannel(1, 2), folder, "/srv")


def test_a_name_that_cannot_be_listed_is_refused(folder: Path) -> None:
    """A line feed would make two names of one."""
    (folder / "a\nb").touch()
    with pytest.raises(UsageError, match="Rename it"):
        _put(FakeChannel(), folder, "/srv")
