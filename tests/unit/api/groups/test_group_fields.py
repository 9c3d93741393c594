# SPDX-License-Identifier: GPL-3.0-or-later
import math
from typing import Any

import pytest

from api.groups.fields import (
    check_group_name,
    check_variables,
    merge_secrets,
    sort_names,
    warn_of_group_name,
)


@pytest.mark.parametrize("name", ["web", "_x", "eu_1"])
def test_a_group_name_is_an_identifier(name: str) -> None:
    """Ansible's own rule for groups holds."""
    assert check_group_name(name) == name
    assert warn_of_group_name(name) is None


@pytest.mark.parametrize("name", ["a-b", "1a", "a.b", "tag_x+y"])
def test_a_group_name_that_ansible_warns_of_is_taken(name: str) -> None:
    """Dynamic inventories are full of them, and they work."""
    assert check_group_name(name) == name
    assert name in (warn_of_group_name(name) or "")


@pytest.mark.parametrize(
    "name", ["", "-a", "all", "Ungrouped", "a b", "a:b", "a,b", "a*", "!a", "ä", "x" * 129]
)
def test_other_group_names_are_refused(name: str) -> None:
    """Names that a pattern could not name, and Ansible's own groups, are refused."""
    with pytest.raises(ValueError, match=r"group name|own group"):
        check_group_name(name)


def test_variables_are_json_with_usable_names() -> None:
    """Names that a template can use, with any JSON value, pass."""
    variables: dict[str, Any] = {"http_port": 80, "_x": None, "deep": {"any key": [1, "ü"]}}
    assert check_variables(variables) == variables


@pytest.mark.parametrize("name", ["", "a b", "1a", "a-b", "class", "ä", "a.b"])
def test_other_variable_names_are_refused(name: str) -> None:
    """Names that Ansible cannot use are refused."""
    with pytest.raises(ValueError, match=r"no variable name"):
        check_variables({name: 1})


@pytest.mark.parametrize("value", [math.nan, math.inf, [math.nan]])
def test_values_are_json(value: object) -> None:
    """What JSON does not have is refused, though Python's parser would let it in."""
    with pytest.raises(ValueError, match=r"NaN and Infinity"):
        check_variables({"a": value})


def test_variables_have_a_limit() -> None:
    """Large data belongs into files."""
    with pytest.raises(ValueError, match=r"too many"):
        check_variables({"a": "x" * 300_000})


def test_names_are_a_set() -> None:
    """A name given twice counts once, and the order is the alphabet's."""
    assert sort_names(["web", "eu", "web"]) == ["eu", "web"]


def test_secrets_are_set_and_taken_out_one_by_one() -> None:
    """What a change does not name stays, since nobody can read it to send it again."""
    assert merge_secrets({"a": 1, "b": 2}, {"b": None, "c": 3}) == {"a": 1, "c": 3}
