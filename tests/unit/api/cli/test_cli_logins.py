# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens that ``myx login`` keeps, and rights as they are typed."""

import json
from pathlib import Path

import pytest

from api.cli.arguments.grants import parse_grants, tell_grants
from api.cli.errors import NoServerError, UsageError
from api.cli.remote.logins import Login, Logins
from api.cli.remote.server import find_server

HERE = Login("https://here.example.org", "alice", "myx_here", 1)
THERE = Login("https://there.example.org", "alice", "myx_there", 2, "/etc/ca.pem")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return the environment of somebody with a home."""
    return {"HOME": str(tmp_path)}


def test_a_login_is_kept_for_its_owner_only(environ: dict[str, str], tmp_path: Path) -> None:
    """In a file of mode 0600 in a folder of mode 0700; nothing shows the token."""
    path = Logins(environ).keep(HERE)
    assert path == tmp_path / ".config/myx/logins.json"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert json.loads(path.read_text())["logins"][HERE.url]["token"] == "myx_here"
    assert "myx_here" not in repr(Logins(environ).find())


def test_the_last_login_is_spoken_to(environ: dict[str, str]) -> None:
    """Another one by its URL; what the environment names goes first."""
    Logins(environ).keep(HERE)
    Logins(environ).keep(THERE)
    server = find_server(environ)
    assert (server.url, server.token, server.ca_file) == (
        THERE.url,
        "myx_there",
        Path("/etc/ca.pem"),
    )
    assert find_server(environ | {"MYX_URL": f"{HERE.url}/"}).token == "myx_here"
    assert find_server(environ | {"MYX_URL": HERE.url, "MYX_TOKEN": "mine"}).token == "mine"
    with pytest.raises(NoServerError, match="myx login https://other"):
        find_server(environ | {"MYX_URL": "https://other.example.org"})
    with pytest.raises(NoServerError, match="admin-token"):
        find_server(environ | {"MYX_DATA_DIR": "/nowhere"})


def test_a_login_is_forgotten(environ: dict[str, str]) -> None:
    """Then the one before it is spoken to, if there is one."""
    logins = Logins(environ)
    logins.keep(HERE)
    logins.keep(THERE)
    logins.forget(THERE.url)
    assert logins.find() == HERE
    logins.forget(HERE.url)
    assert logins.find() is None


@pytest.mark.parametrize(("mode", "content"), [(0o644, "{}"), (0o600, "{"), (0o600, "[]")])
def test_a_file_that_is_open_or_damaged_is_refused(
    environ: dict[str, str], tmp_path: Path, mode: int, content: str
) -> None:
    """A token that others could read is not used, and the remedy is said."""
    path = tmp_path / ".config/myx/logins.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(UsageError, match=r"chmod 600|Remove it"):
        Logins(environ).find()


@pytest.mark.parametrize(
    ("typed", "groups", "templates"),
    [
        ("viewer", None, None),
        ("operator:web,db", ["web", "db"], None),
        ("operator:web:a.yml,@command", ["web"], ["a.yml", "@command"]),
        ("operator::a.yml", None, ["a.yml"]),
    ],
)
def test_rights_are_typed_and_told_the_same_way(
    typed: str, groups: list[str] | None, templates: list[str] | None
) -> None:
    """A role, its groups, its templates."""
    [grant] = parse_grants([typed])
    assert grant == {
        "role": typed.split(":", maxsplit=1)[0],
        "groups": groups,
        "templates": templates,
    }
    assert tell_grants([grant]) == typed


def test_a_role_that_does_not_exist_is_refused() -> None:
    """With examples of what there is."""
    with pytest.raises(UsageError, match=r"root.*operator:web"):
        parse_grants(["root"])
