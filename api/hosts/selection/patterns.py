# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts does an Ansible pattern name? Asked of Ansible's own inventory; owns ``ansible``.

A plain name of a host or a group is looked up without it, and means the same. Ansible is imported
at the first other question, in the thread that answers it: that takes 0.4 s. Its configuration at
that moment is empty, so that an ``ansible.cfg`` of the content, which is for the hosts, has no
say here.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from functools import lru_cache, partial
from threading import Lock
from typing import Any

from api.hosts.errors import LIST_HINT, NoHostsMatchedError, PatternError
from api.hosts.selection.expressions import compile_expression
from api.hosts.selection.fleet import Fleet
from api.hosts.targets import Member

MAX_PATTERN_CHARS = 4096
"""Longer than any pattern that a person writes."""

_one_at_a_time = Lock()


async def match_members(fleet: Fleet, patterns: Sequence[str], limit: str | None) -> list[Member]:
    """Return the members that any of ``patterns`` names and that ``limit`` names too.

    ``patterns`` are what the plays of a playbook say under ``hosts``; ``limit`` is what a person
    asked for, so every plain name in it must match something.

    Raises:
        PatternError: one of them is not a pattern.
        NoHostsMatchedError: nothing is left, or a plain name in ``limit`` is unknown.
    """
    for pattern in (*patterns, *([] if limit is None else [limit])):
        _check_form(pattern)
    named = _find_plain_names(fleet, patterns, limit)
    if named is None:
        named = await asyncio.to_thread(_ask_ansible, fleet, patterns, limit)
    matched = [member for member in fleet.members if member.name in named]
    if not matched:
        raise NoHostsMatchedError(_explain_nothing(fleet, patterns, limit))
    return matched


async def find_members(fleet: Fleet, pattern: str) -> list[Member]:
    """Return the members that a pattern names, which may be none.

    Raises:
        PatternError: it is not a pattern.
    """
    _check_form(pattern)
    named = _find_plain_names(fleet, [pattern], None)
    if named is None:
        named = await asyncio.to_thread(_ask_ansible, fleet, [pattern], None)
    return [member for member in fleet.members if member.name in named]


def _check_form(pattern: str) -> None:
    if not pattern.strip(" ,:"):
        raise PatternError(f"The pattern is empty. 'all' names every host. {LIST_HINT}")
    if len(pattern) > MAX_PATTERN_CHARS:
        raise PatternError(f"The pattern is longer than {MAX_PATTERN_CHARS} characters.")
    if pattern.lstrip().startswith("@"):
        raise PatternError(
            f"'{pattern}' names a file, which the control plane does not read. "
            "Name hosts and groups instead, for example 'web1,web2'."
        )


def _find_plain_names(
    fleet: Fleet, patterns: Sequence[str], limit: str | None
) -> AbstractSet[str] | None:
    """Look up hosts, groups and ``all``; where something else is among them, return ``None``."""
    found = [
        _find_plain_name(fleet, pattern)
        for pattern in (*patterns, *([] if limit is None else [limit]))
    ]
    plain = [names for names in found if names is not None]
    if len(plain) < len(found):
        return None
    allowed = fleet.hosts_by_group["all"] if limit is None else plain.pop()
    return allowed & set[str]().union(*plain)


def _find_plain_name(fleet: Fleet, name: str) -> AbstractSet[str] | None:
    # As in Ansible, the name of a host goes before the group of the same name.
    is_host = name in fleet.hosts_by_group["all"]
    return {name} if is_host else fleet.hosts_by_group.get(name)


def _ask_ansible(fleet: Fleet, patterns: Sequence[str], limit: str | None) -> AbstractSet[str]:
    with _one_at_a_time:
        inventory = _build_manager(fleet)
        try:
            for pattern in (*patterns, *([] if limit is None else [limit])):
                _check_terms(pattern)
            named = {name for pattern in patterns for name in _list_names(inventory, pattern)}
            if limit is not None:
                _refuse_unknown(inventory, fleet, limit)
                named &= _list_names(inventory, limit)
        finally:
            # It remembers the hosts of each pattern, and there is no end of patterns.
            inventory.clear_caches()
    return named


def _check_terms(pattern: str) -> None:
    """Let pass what Ansible reads all of: what it drops silently may leave a pattern for all.

    Raises:
        PatternError: a term is empty, or a bracket is not closed.
    """
    from ansible.inventory.manager import split_host_pattern  # noqa: PLC0415 - as below

    terms = split_host_pattern(pattern)
    is_whole = all("".join(terms).count(mark) == pattern.count(mark) for mark in "[]")
    if not is_whole or not all(term.lstrip("!&").removeprefix("~") for term in terms or [""]):
        raise PatternError(
            f"'{pattern}' is not a host pattern: a part of it is empty, or a bracket is not "
            "closed. For example: 'web1', 'web:&eu:!web3', 'web[0:4]', 'db*', 'all'."
        )


@lru_cache(maxsize=1)
def _build_manager(fleet: Fleet) -> Any:
    with _empty_configuration():
        from ansible import constants  # noqa: PLC0415 - heavy, and not needed by most requests
        from ansible.inventory.manager import InventoryManager  # noqa: PLC0415 - as above

    # What matches nothing is told to the caller, not printed by Ansible.
    constants.HOST_PATTERN_MISMATCH = "ignore"
    manager = InventoryManager(loader=None, parse=False)
    manager._match_list = partial(_match_names, manager._match_list)  # noqa: SLF001 - as below
    inventory = manager._inventory  # noqa: SLF001 - the manager has no word for groups in groups
    for name in sorted(fleet.hosts_by_group):
        inventory.add_group(name)
    for node in fleet.groups:
        for child in node.children:
            inventory.add_child(node.name, child)
    for member in fleet.members:
        inventory.add_host(member.name, "all")
        for group in member.groups:
            inventory.add_host(member.name, group)
    manager.reconcile_inventory()
    return manager


def _match_names(
    match_glob: Callable[[Iterable[str], str], list[str]], names: Iterable[str], pattern: str
) -> list[str]:
    """Return the names that a term matches, in Ansible's place: its expressions may never end."""
    if not pattern.startswith("~"):
        return match_glob(names, pattern)
    matches = compile_expression(pattern[1:])
    return [name for name in names if matches(name)]


def _list_names(inventory: Any, pattern: str) -> set[str]:
    from ansible.errors import AnsibleError  # noqa: PLC0415 - as above

    try:
        return {host.name for host in inventory.get_hosts(pattern)}
    except AnsibleError as error:
        raise PatternError(
            f"'{pattern}' is not a host pattern: {error.message}. "
            "For example: 'web1', 'web:&eu:!web3', 'db*', 'all'."
        ) from error


def _refuse_unknown(inventory: Any, fleet: Fleet, limit: str) -> None:
    from ansible.inventory.manager import split_host_pattern  # noqa: PLC0415 - as above

    for term in split_host_pattern(limit):
        plain = term.lstrip("!&")
        is_glob = plain.startswith("~") or any(special in plain for special in "*?[")
        if not plain or is_glob or plain in fleet.hosts_by_group:
            continue
        if not _list_names(inventory, plain) - {"localhost"}:
            raise NoHostsMatchedError(f"'{plain}' is neither a host nor a group. {LIST_HINT}")


def _explain_nothing(fleet: Fleet, patterns: Sequence[str], limit: str | None) -> str:
    if not fleet.members:
        return "There are no hosts yet. Add one with 'myx host add NAME --address ADDRESS'."
    if limit is None:
        listed = ", ".join(f"'{pattern}'" for pattern in patterns)
        return f"The hosts of the plays, {listed}, match no host. {LIST_HINT}"
    return f"'{limit}' matches no host that the run is for. {LIST_HINT}"


@contextmanager
def _empty_configuration() -> Iterator[None]:
    """Let Ansible, which reads its configuration while it is imported, find an empty one."""
    before = os.environ.get("ANSIBLE_CONFIG")
    with tempfile.NamedTemporaryFile(suffix=".cfg") as empty:
        os.environ["ANSIBLE_CONFIG"] = empty.name
        try:
            yield
        finally:
            if before is None:
                del os.environ["ANSIBLE_CONFIG"]
            else:
                os.environ["ANSIBLE_CONFIG"] = before
