# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH credentials from files and standard input."""

import io
from pathlib import Path

import pytest

from api.cli.arguments.credentials import read_credentials
from api.cli.errors import UsageError

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n"


def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    """The content goes into the field of the API."""
    (tmp_path / "key").write_text(KEY)
    assert read_credentials(tmp_path / "key", password_stdin=False) == {"ssh_private_key": KEY}


def test_a_password_is_one_line_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of line is not part of it, spaces are."""
    monkeypatch.setattr("sys.stdin", io.StringIO(" pass word \r\nnext"))
    assert read_credentials(None, password_stdin=True) == {"ssh_password": " pass word "}


def test_nothing_given_is_nothing_sent() -> None:
    """The host's stored credentials are used then."""
    assert read_credentials(None, password_stdin=False) == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not a key\n", "no private key"),
        ("ssh-ed25519 AAAA me@home\n", "public half"),
        ("\udcff", "no private key"),
    ],
)
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: str, words: str) -> None:
    """The error says so, and recognises the public half."""
    (tmp_path / "key").write_text(content, errors="surrogateescape")
    with pytest.raises(UsageError, match=words):
        read_credentials(tmp_path / "key", password_stdin=False)


def test_a_missing_key_and_an_empty_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are errors that name what was looked for."""
    with pytest.raises(UsageError, match="nokey"):
        read_credentials(tmp_path / "nokey", password_stdin=False)
    with pytest.raises(UsageError, match="not both"):
        read_credentials(tmp_path / "nokey", password_stdin=True)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(UsageError, match="no password"):
        read_credentials(None, password_stdin=True)
