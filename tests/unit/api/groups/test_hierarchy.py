# SPDX-License-Identifier: GPL-3.0-or-later
import graphlib
import itertools

from hypothesis import given
from hypothesis import strategies as st

from api.groups.hierarchy import collect_reachable, find_cycle, invert

NAMES = st.sampled_from("abcdef")
EDGES = st.dictionaries(NAMES, st.lists(NAMES, unique=True))


def test_a_cycle_is_named() -> None:
    """The way round begins and ends with the same group."""
    assert find_cycle({"a": ["b"], "b": ["c", "d"], "d": ["b"]}) == ["b", "d", "b"]
    assert find_cycle({"a": ["a"]}) == ["a", "a"]


def test_two_ways_to_a_group_are_no_cycle() -> None:
    """A group may be in several others."""
    assert find_cycle({"a": ["b", "c"], "b": ["d"], "c": ["d"]}) is None


@given(EDGES)
def test_every_cycle_is_found(edges: dict[str, list[str]]) -> None:
    """What has no order has a cycle, and the one that is named is there."""
    cycle = find_cycle(edges)
    try:
        list(graphlib.TopologicalSorter(edges).static_order())
    except graphlib.CycleError:
        assert cycle is not None
        assert cycle[0] == cycle[-1]
        assert all(after in edges[before] for before, after in itertools.pairwise(cycle))
    else:
        assert cycle is None


@given(EDGES, NAMES)
def test_what_is_inside_is_around_the_other_way(edges: dict[str, list[str]], start: str) -> None:
    """A group is around all that is inside of it."""
    parents = invert(edges)
    for inner in collect_reachable([start], edges):
        assert start in collect_reachable([inner], parents)


def test_ten_thousand_levels_are_no_recursion() -> None:
    """How deep groups are nested is bounded by nothing but their number."""
    chain = {str(number): [str(number + 1)] for number in range(10_000)}
    assert find_cycle(chain) is None
    assert len(collect_reachable(["0"], chain)) == 10_001
