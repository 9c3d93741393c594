# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx group ...`` and ``myx host set`` against a control plane."""

from pathlib import Path
from typing import Any

import pytest

GROUP: dict[str, Any] = {
    "name": "web",
    "description": "Web servers",
    "children": ["eu"],
    "parents": ["servers"],
    "hosts_count": 2,
    "variables": {"port": 80, "old": 1},
    "secret_variables": ["token"],
    "warnings": [],
    "revision": 3,
}
HOST: dict[str, Any] = {
    "name": "web1",
    "groups": ["eu", "web"],
    "variables": {"a": 1},
    "labels": {"env": "test", "tier": "web"},
    "revision": 7,
}
CHANGED = (409, {"title": "x", "status": 409, "detail": "changed", "code": "changed_meanwhile"})


def test_adding_a_group(api: Any, myx: Any, tmp_path: Path) -> None:
    """What was given is sent; secrets come from a file; a warning is told."""
    api.answer("POST", "/groups", (201, GROUP | {"warnings": ["a dash"]}))
    (tmp_path / "secrets.yml").write_text("token: hunter2\n")
    options = ["--child", "eu", "--var", "port=80", "--secret-vars", str(tmp_path / "secrets.yml")]
    outcome = myx("group", "add", "web", *options, "--description", "Web servers")
    assert outcome.code == 0
    assert "Warning: a dash" in outcome.err
    assert api.find("POST", "/groups")[0].json == {
        "name": "web",
        "children": ["eu"],
        "variables": {"port": "80"},
        "secret_variables": {"token": "hunter2"},
        "description": "Web servers",
    }


def test_groups_are_shown(api: Any, myx: Any) -> None:
    """A list and one group, for people and for programs."""
    page = {"count": 1, "next": None, "previous": None, "results": [GROUP]}
    api.answer("GET", "/groups", (200, page))
    api.answer("GET", "/groups/web", (200, GROUP))
    assert b"web" in myx("group", "list").out
    assert b'"hosts_count": 2' in myx("group", "list", "--json").out
    shown = myx("group", "show", "web").out.decode()
    assert "is in" in shown
    assert "servers" in shown
    assert b'"revision": 3' in myx("group", "show", "web", "--json").out


def test_changing_a_group_keeps_the_rest(api: Any, myx: Any) -> None:
    """Variables and children are merged with what is there, under the revision that was read."""
    api.answer("GET", "/groups/web", (200, GROUP))
    api.answer("PATCH", "/groups/web", (200, GROUP))
    options = ["--child", "us", "--not-child", "eu", "--var", "port=8080", "--unset-var", "old"]
    outcome = myx("group", "set", "web", *options, "--host", "web1", "--not-host", "web9")
    assert outcome.code == 0, outcome.err
    assert api.find("PATCH", "/groups/web")[0].json == {
        "revision": 3,
        "children": ["us"],
        "variables": {"port": "8080"},
        "add_hosts": ["web1"],
        "remove_hosts": ["web9"],
    }


def test_removing_a_group(api: Any, myx: Any) -> None:
    """Whether it may be in use is said each time."""
    api.answer("DELETE", "/groups/web", (204, None))
    assert myx("group", "remove", "web", "--detach").code == 0
    assert myx("group", "remove", "web").code == 0
    sent = [request.query["detach"] for request in api.find("DELETE", "/groups/web")]
    assert sent == ["true", "false"]


def test_changing_hosts(api: Any, myx: Any) -> None:
    """Groups, variables and labels are merged; secrets may come from standard input."""
    api.answer("GET", "/hosts/web1", (200, HOST))
    api.answer("PATCH", "/hosts/web1", (200, HOST))
    options = ["--group", "db", "--not-group", "eu", "--label", "env=prod", "--unset-label", "tier"]
    more = ["--var", "b=2", "--unset-var", "a", "--idc", "fra1", "--secret-vars", "-"]
    outcome = myx("host", "set", "web1", *options, *more, stdin=b'{"token": null}')
    assert outcome.code == 0, outcome.err
    assert api.find("PATCH", "/hosts/web1")[0].json == {
        "revision": 7,
        "groups": ["db", "web"],
        "labels": {"env": "prod"},
        "variables": {"b": "2"},
        "idc": "fra1",
        "secret_variables": {"token": None},
    }


def test_somebody_was_quicker(api: Any, myx: Any) -> None:
    """The change is made once more upon what is there then."""
    api.answer("GET", "/hosts/web1", (200, HOST), (200, HOST | {"revision": 8, "groups": []}))
    api.answer("PATCH", "/hosts/web1", CHANGED, (200, HOST))
    assert myx("host", "set", "web1", "--group", "db").code == 0
    sent = [request.json for request in api.find("PATCH", "/hosts/web1")]
    assert sent == [
        {"revision": 7, "groups": ["db", "eu", "web"]},
        {"revision": 8, "groups": ["db"]},
    ]


def test_somebody_is_always_quicker(api: Any, myx: Any) -> None:
    """After some attempts it is an error."""
    api.answer("GET", "/groups/web", (200, GROUP))
    api.answer("PATCH", "/groups/web", CHANGED)
    assert myx("group", "set", "web", "--host", "web1").code == 1
    assert len(api.find("PATCH", "/groups/web")) == 5


@pytest.mark.parametrize(
    "typed",
    [("host", "set", "web1"), ("group", "set", "web"), ("host", "set", "a", "--label", "x")],
)
def test_what_says_nothing_is_refused(myx: Any, typed: tuple[str, ...]) -> None:
    """Without a change there is nothing to ask the control plane."""
    outcome = myx(*typed)
    assert outcome.code == 1
    assert "Error" in outcome.err


def test_hosts_are_listed_as_a_run_would_choose_them(api: Any, myx: Any) -> None:
    """Pattern, labels and states go to the control plane as they are."""
    page = {"count": 0, "next": None, "previous": None, "results": []}
    api.answer("GET", "/hosts", (200, page))
    options = ("--limit", "web:!web3", "--label", "env=prod", "--state", "online")
    assert "No host fits" in myx("host", "list", *options).err
    query = api.find("GET", "/hosts")[0].query
    chosen = (query["pattern"], query["label"], query["state"])
    assert chosen == ("web:!web3", "env=prod", "online")
