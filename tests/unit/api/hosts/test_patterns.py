# SPDX-License-Identifier: GPL-3.0-or-later
import os
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.groups.hierarchy import GroupNode
from api.hosts.errors import NoHostsMatchedError, PatternError
from api.hosts.selection.fleet import Fleet
from api.hosts.selection.patterns import (
    _ask_ansible,
    _build_manager,
    _find_plain_names,
    match_members,
)
from api.hosts.targets import Member

FLEET = Fleet(
    (
        Member(1, "db1", ("db", "eu")),
        Member(2, "db2", ("db", "us")),
        Member(3, "lonely"),
        Member(4, "web1", ("eu", "web")),
        Member(5, "web2", ("us", "web")),
        Member(6, "web3", ("us", "web")),
    ),
    (
        GroupNode("empty"),
        GroupNode("everything", ("servers", "empty")),
        GroupNode("servers", ("db", "web")),
    ),
)


async def _match(limit: str | None, *patterns: str) -> str:
    matched = await match_members(FLEET, patterns or ["all"], limit)
    return " ".join(member.name for member in matched)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("all", "db1 db2 lonely web1 web2 web3"),
        ("*", "db1 db2 lonely web1 web2 web3"),
        ("web1", "web1"),
        ("web", "web1 web2 web3"),
        ("web1,db1", "db1 web1"),
        ("web1:db1", "db1 web1"),
        ("web:&us", "web2 web3"),
        ("web:&us:!web3", "web2"),
        ("!web", "db1 db2 lonely"),
        ("web*", "web1 web2 web3"),
        ("db?", "db1 db2"),
        ("~(web|db)1", "db1 web1"),
        ("web[0]", "web1"),
        ("web[1:2]", "web2 web3"),
        ("ungrouped", "lonely"),
        ("servers", "db1 db2 web1 web2 web3"),
        ("everything:&eu", "db1 web1"),
        ("servers:!web", "db1 db2"),
        ("!everything", "lonely"),
    ],
)
async def test_patterns_mean_what_ansible_means(limit: str, expected: str) -> None:
    """Names, groups, globs, unions, intersections, exclusions, slices and expressions work."""
    assert await _match(limit) == expected


async def test_plays_and_limit_narrow_each_other() -> None:
    """Any play's hosts count, and of them what the limit names."""
    assert await _match(None, "web:!web3", "db1") == "db1 web1 web2"
    assert await _match("eu", "web", "db2") == "web1"


@pytest.mark.parametrize("limit", ["nope", "web1,nope", "web:!nope", "web:&nope", "localhost"])
async def test_an_unknown_name_is_an_error(limit: str) -> None:
    """A mistyped name in a limit is told, where Ansible would go on without it."""
    with pytest.raises(NoHostsMatchedError, match=r"is neither a host nor a group.*myx host list"):
        await _match(limit)


async def test_an_unknown_name_in_a_play_is_none() -> None:
    """A play may name a group that has no hosts yet."""
    assert await _match(None, "web1", "cache") == "web1"


@pytest.mark.parametrize(
    ("limit", "patterns"), [("x*", ["all"]), ("db", ["web"]), (None, ["x", "y"])]
)
async def test_nothing_matched_is_an_error(limit: str | None, patterns: list[str]) -> None:
    """What matches no host is named, with how to list them."""
    with pytest.raises(NoHostsMatchedError, match=r"match.*no host.*myx host list"):
        await match_members(FLEET, patterns, limit)


async def test_an_empty_fleet_says_so() -> None:
    """Without any host the remedy is to add one."""
    with pytest.raises(NoHostsMatchedError, match=r"myx host add"):
        await match_members(Fleet(()), ["all"], None)


@pytest.mark.parametrize("limit", ["", " ", ",", ":", "@/etc/passwd", "~(", "web[9]", "x" * 5000])
async def test_what_is_no_pattern_is_refused(limit: str) -> None:
    """Nothing, a file, a broken expression, a slice beyond the end: each says what is wrong."""
    with pytest.raises(PatternError):
        await _match(limit)


@pytest.mark.parametrize("limit", ["web:&", "web,!", "!", "~", "web1:!~", "[", "web:![", "web[0:"])
async def test_what_ansible_would_drop_is_refused(limit: str) -> None:
    """An operator without a name, or a bracket that stays open, never means every host."""
    with pytest.raises(PatternError, match=r"empty, or a bracket"):
        await _match(limit)
    with pytest.raises(PatternError, match=r"empty, or a bracket"):
        await _match(None, limit)


@pytest.mark.parametrize("limit", [r"~(?!db)web", r"~(e)veryth\1", "web*:!~web(?=3)"])
async def test_an_expression_takes_no_more_than_linear_time(limit: str) -> None:
    """What only an engine can match that may never end is refused; so is none of that engine."""
    assert await _match(r"~\p{Ll}+[12]$") == "db1 db2 web1 web2"
    with pytest.raises(PatternError, match=r"look-around or back references"):
        await _match(limit)


async def test_patterns_are_not_remembered() -> None:
    """However many are asked for, the fleet that is asked grows by none of them."""
    for number in range(3):
        assert await _match(f"web[0:{number}]") != ""
    manager = _build_manager(FLEET)
    assert (manager._pattern_cache, manager._hosts_patterns_cache) == ({}, {})


async def test_a_fleet_of_other_names_is_asked_anew() -> None:
    """Two questions do not share what the first one knew."""
    assert await _match("web1") == "web1"
    with pytest.raises(NoHostsMatchedError):
        await match_members(Fleet((Member(1, "other"),)), ["all"], "web1")


async def test_the_configuration_of_the_content_has_no_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither an ansible.cfg in the folder nor a pattern without hosts makes Ansible speak up."""
    (tmp_path / "ansible.cfg").write_text("[defaults]\nhost_pattern_mismatch = error\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSIBLE_CONFIG", "kept")
    assert await _match(None, "web1", "cache") == "web1"
    assert os.environ["ANSIBLE_CONFIG"] == "kept"
    assert capfd.readouterr().err == ""


NAMES = st.sampled_from(["a", "b", "c", "web", "x.y"])
GROUPS = st.lists(st.sampled_from(["b", "web", "eu"]), unique=True).map(tuple)
FLEETS = st.lists(
    st.builds(Member, st.just(1), NAMES, GROUPS), unique_by=lambda member: member.name, min_size=1
)
NODES = st.tuples(
    st.just(GroupNode("b")),
    st.builds(GroupNode, st.just("eu"), st.sampled_from([(), ("b",)])),
    st.builds(GroupNode, st.just("over"), st.sampled_from([(), ("b",), ("eu", "web")])),
    st.builds(GroupNode, st.just("web"), st.sampled_from([(), ("b",), ("b", "eu")])),
)
PLAIN = st.sampled_from(["all", "ungrouped", "a", "b", "web", "eu", "over", "x.y"])


@given(FLEETS, NODES, st.lists(PLAIN, min_size=1, max_size=3), st.none() | PLAIN)
def test_plain_names_mean_the_same_without_ansible(
    members: list[Member], nodes: tuple[GroupNode, ...], patterns: list[str], limit: str | None
) -> None:
    """Where a lookup answers, it answers what Ansible would."""
    fleet = Fleet(tuple(members), nodes)
    # Ansible mistakes a host for the group of its name when it looks who is in no group.
    has_twins = any(member.name in {"b", "web"} for member in members)
    assume(not (has_twins and "ungrouped" in {*patterns, limit}))
    found = _find_plain_names(fleet, patterns, limit)
    if found is not None:
        assert found == _ask_ansible(fleet, patterns, limit)
