# SPDX-License-Identifier: GPL-3.0-or-later
"""What a payload may do: fit or not, and give plain values."""

from typing import Any

import pytest

from api.triggers.signatures import find_delivery_key, sign
from api.webhooks.payload import (
    UnfitError,
    check_matchers,
    find_value,
    is_pattern,
    map_variables,
    read_limit,
)
from api.webhooks.schemas import Mapped, Matcher

PAYLOAD: dict[str, Any] = {"ref": "refs/heads/main", "n": 3, "ok": True, "a/b": [{"x": "web1"}]}


@pytest.mark.parametrize(
    ("matcher", "fits"),
    [
        ({"pointer": "/ref", "equals": "refs/heads/main"}, True),
        ({"pointer": "/ref", "equals": "refs"}, False),
        ({"pointer": "/n", "equals": 3}, True),
        ({"pointer": "/ok", "equals": 1}, False),
        ({"pointer": "/ref", "matches": "^refs/heads/(main|next)$"}, True),
        ({"pointer": "/n", "matches": "3"}, False),
        ({"pointer": "/nope", "exists": False}, True),
        ({"pointer": "/nope", "matches": ".*"}, False),
        ({"pointer": "/a~1b/0/x", "equals": "web1"}, True),
        ({"header": "X-GitHub-Event", "equals": "push"}, True),
    ],
)
def test_matchers(matcher: dict[str, Any], *, fits: bool) -> None:
    """One place and one condition; types count."""
    check = [Matcher.model_validate(matcher)]
    if fits:
        check_matchers(check, PAYLOAD, {"x-github-event": "push"})
        return
    with pytest.raises(UnfitError):
        check_matchers(check, PAYLOAD, {})


def test_no_pattern_runs_for_ever() -> None:
    """What makes other engines try for ages is matched at once; back references there are not."""
    evil = Matcher(pointer="", matches="^(a+)+$")
    with pytest.raises(UnfitError):
        check_matchers([evil], "a" * 4000 + "!", {})
    assert not is_pattern(r"(a)\1")


@pytest.mark.parametrize(
    ("mapped", "value", "expected"),
    [
        ({}, "1.2", {"v": "1.2"}),
        ({"type": "number"}, 7, {"v": 7}),
        ({"type": "boolean"}, False, {"v": False}),
        ({"default": "main"}, None, {"v": "main"}),
        ({}, None, {}),
        ({"required": True}, None, None),
        ({"type": "number"}, "7", None),
        ({"type": "number"}, True, None),
        ({}, {"a": 1}, None),
        ({}, "{{ lookup('pipe', 'id') }}", None),
        ({}, "{% raw %}", None),
        ({}, "x" * 5000, None),
        ({}, "x\ud800", None),
        ({}, "x\0", None),
        ({"type": "number"}, float("nan"), None),
        ({"type": "number"}, float("inf"), None),
    ],
)
def test_variables(mapped: dict[str, Any], value: Any, expected: dict[str, Any] | None) -> None:
    """Plain values of the type that is asked for, and nothing that Ansible would evaluate."""
    wanted = [Mapped.model_validate({"name": "v", "pointer": "/x", **mapped})]
    if expected is not None:
        assert map_variables(wanted, {"x": value}) == expected
        return
    with pytest.raises(UnfitError):
        map_variables(wanted, {"x": value})


@pytest.mark.parametrize("value", ["all:!db", "web*", "@file", "", 7, "-x", "web1\n", None])
def test_a_limit_is_one_name(value: Any) -> None:
    """A payload cannot widen a pattern."""
    assert read_limit("/h", {"h": "web-1.example"}) == "web-1.example"
    with pytest.raises(UnfitError):
        read_limit("/h", {"h": value})


def test_pointers() -> None:
    """What is not there is missing, whatever stands in the way."""
    assert find_value(PAYLOAD, "") is PAYLOAD
    for pointer in ("/a~1b/1", "/a~1b/x", "/ref/0", "/n/x", "/a~1b/0/y"):
        with pytest.raises(UnfitError):
            read_limit(pointer, PAYLOAD)


def test_signatures() -> None:
    """Each part is signed, each secret that is valid counts, and the time must be near."""
    body = b"{}"
    headers = {
        "x-myx-timestamp": "1000",
        "x-myx-delivery": "d1",
        "x-myx-signature": sign("new", 1000, "d1", body),
    }

    def check(secrets: list[str], now_s: float = 1200, **changes: str) -> str | None:
        changed = headers | {name.replace("_", "-"): value for name, value in changes.items()}
        return find_delivery_key("myx", secrets, changed, body, now_s)

    assert check(["new"]) == check(["old", "new"]) == "id:d1"
    assert check(["old"]) is None
    assert check(["new"], now_s=1301) is None
    assert check(["new"], x_myx_delivery="d2") is None
    assert check(["new"], x_myx_timestamp="1001") is None
    assert check(["new"], x_myx_signature="sha256=ü") is None
    assert find_delivery_key("gitlab", ["s"], {"x-gitlab-token": "s"}, body, 0) is not None
    assert find_delivery_key("gitlab", ["s"], {}, body, 0) is None
