# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error is one or two lines with the cause and the remedy, and exit code 1."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme


def _assert_clear(outcome: Any, *words: str) -> None:
    assert outcome.code == 1, outcome
    assert outcome.out == b""
    assert 1 <= len(outcome.err.splitlines()) <= 2, outcome.err
    assert "Traceback" not in outcome.err
    missing = [word for word in words if word not in outcome.err]
    assert not missing, (missing, outcome.err)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("exec", "--", "true"), ["exec --limit PATTERN -- true", "'all'"]),
        (("script", "/nosuch.sh", "-l", "all"), ["/nosuch.sh", "No such file"]),
        (("exec", "-l", "web1", "ls", "-la"), ["--limit was given twice", "--"]),
        (("exec", "-l", "web1", "ls", "-x"), ["-x", "myx exec --help"]),
        (("run",), ["PLAYBOOK", "myx run --help"]),
        (("run", "site.yml", "-e", "oops"), ["-e 'oops'", "KEY=VALUE"]),
        (("run", "site.yml", "--content", "/nosuch"), ["--content /nosuch"]),
        (("log", "abc"), ["RUN", "myx log --help"]),
        (("host", "add", "web1"), ["--address"]),
        (("host", "enroll", "/nosuch.json"), ["/nosuch.json"]),
        (("nosuch",), ["nosuch", "myx --help"]),
    ],
)
def test_what_was_typed_does_not_fit(
    api: Any, myx: Any, arguments: tuple[str, ...], words: list[str]
) -> None:
    """It is named before anything is sent."""
    _assert_clear(myx(*arguments), *words)
    assert not api.received


def test_a_refusal_is_told_as_it_is(api: Any, myx: Any) -> None:
    """The sentence of the control plane reaches the terminal, fields included."""
    fields = [{"field": "hosts.0", "message": "is no name"}]
    refusal = {"status": 422, "title": "x", "detail": "It does not fit.", "errors": fields}
    api.answer("GET", "/runs/9", (404, {"status": 404, "title": "x", "detail": "No run 9."}))
    api.answer("POST", "/hosts/install", (422, refusal))
    _assert_clear(myx("log", "9"), "No run 9.")
    _assert_clear(myx("host", "install", "x"), "It does not fit. (hosts.0: is no name)")


def test_a_wrong_token(myx: Any) -> None:
    """It says where the token came from."""
    _assert_clear(myx("runs", MYX_TOKEN="wrong"), "token is wrong", "MYX_TOKEN")


def test_nobody_answers(myx: Any, tmp_path: Path) -> None:
    """Here the remedy is to start it, elsewhere to check the address."""
    _assert_clear(myx("runs", MYX_URL="http://127.0.0.1:1"), "127.0.0.1:1", "Check MYX_URL")
    (tmp_path / "admin-token").write_text("myx_local\n")
    here = {"MYX_URL": "", "MYX_TOKEN": "", "MYX_DATA_DIR": str(tmp_path)}
    _assert_clear(myx("runs", **here, MYX_LISTEN="127.0.0.1:1"), "myx serve")


def test_no_token_anywhere(myx: Any, tmp_path: Path) -> None:
    """It says where it was looked for."""
    here = {"MYX_URL": "", "MYX_TOKEN": "", "MYX_DATA_DIR": str(tmp_path / "none")}
    _assert_clear(myx("runs", **here), "none/admin-token", "myx serve")


def test_something_else_answers(api: Any, myx: Any) -> None:
    """A program that is no control plane is recognised."""
    api.answer("GET", "/runs", (404, "nothing here"))
    _assert_clear(myx("runs"), "does not answer like a control plane", "MYX_URL")


def test_tls_that_is_not_trusted(myx: Any, tmp_path: Path) -> None:
    """An unknown CA, a file that is no CA, and a server without TLS are told apart."""
    (tmp_path / "ca.pem").write_text("nothing\n")
    url = {"MYX_URL": "https://127.0.0.1:1"}
    _assert_clear(myx("runs", **url, MYX_CA_FILE=str(tmp_path / "ca.pem")), "ca.pem", "PEM")
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    _assert_clear(myx("runs", **url, MYX_CA_FILE=str(tmp_path / "ca.pem")), "No control plane")


def test_plain_http_spoken_to_with_tls(api: Any, myx: Any) -> None:
    """The scheme of MYX_URL is the first thing to check."""
    outcome = myx("runs", MYX_URL=api.url.replace("http:", "https:"))
    _assert_clear(outcome, "does not speak TLS", "http://")


def test_a_reader_that_leaves(api: Any, tmp_path: Path) -> None:
    """'myx runs | head -1' ends quietly."""
    page = {"count": 5000, "next": None, "previous": None}
    run = {"id": 1, "status": "running", "kind": "command", "name": "x" * 40, "hosts_total": 1}
    run |= {"started_at": None, "finished_at": None}
    api.answer("GET", "/runs", (200, {**page, "results": [run] * 5000}))
    programs = Path(sys.executable).parent
    environ = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(tmp_path)}
    environ |= {"MYX_URL": api.url, "MYX_TOKEN": "myx_" + "t" * 43}
    command = ["/bin/sh", "-c", "myx runs -n 5000 | head -1"]
    result = subprocess.run(command, env=environ, capture_output=True, timeout=60, check=True)
    assert result.stdout.startswith(b"ID")
    assert result.stderr == b""
