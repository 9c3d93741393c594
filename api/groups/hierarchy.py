# SPDX-License-Identifier: GPL-3.0-or-later
"""Which groups are inside which? Pure functions over names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

Children = Mapping[str, Sequence[str]]
"""The groups directly inside each group; who has none may be missing."""


class GroupNode(NamedTuple):
    """A group's place among the groups."""

    name: str
    children: tuple[str, ...] = ()


def find_cycle(children: Children) -> list[str] | None:
    """Return a way from a group back to itself, or None."""
    finished: set[str] = set()
    for start in children:
        cycle = _search(children, start, finished)
        if cycle:
            return cycle
    return None


def _search(children: Children, start: str, finished: set[str]) -> list[str] | None:
    """Go down from a group, depth first and without recursion: inventories nest as they like."""
    path: list[str] = []
    pending: list[Iterator[str]] = [iter((start,))]
    while pending:
        name = next(pending[-1], None)
        if name is None:
            pending.pop()
            if path:
                finished.add(path.pop())
        elif name in path:
            return [*path[path.index(name) :], name]
        elif name not in finished:
            path.append(name)
            pending.append(iter(children.get(name, ())))
    return None


def collect_reachable(names: Iterable[str], edges: Children) -> set[str]:
    """Return these groups and all that can be reached from them: inside them, or around them."""
    reached: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(edges.get(name, ()))
    return reached


def invert(children: Children) -> dict[str, list[str]]:
    """Return the groups directly around each group."""
    parents: dict[str, list[str]] = {}
    for parent, names in children.items():
        for name in names:
            parents.setdefault(name, []).append(parent)
    return parents
