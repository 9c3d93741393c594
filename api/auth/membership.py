# SPDX-License-Identifier: GPL-3.0-or-later
"""Into which groups may somebody put a host whose rights end with some groups?"""

from collections.abc import Collection

from api.auth.errors import GroupsOutOfReachError
from api.auth.scopes import Scope


def check_groups(scope: Scope, before: Collection[str], after: Collection[str]) -> None:
    """Let a host pass from its groups of before to those of after.

    Who may change the hosts of some groups puts them only into these and takes them only out of
    these, and never out of all: else they could hand hosts, and what runs there, to others.

    Raises:
        GroupsOutOfReachError: names the groups that are out of reach.
    """
    own = scope.host_groups
    if own is None:
        return
    foreign = sorted((frozenset(before) ^ frozenset(after)) - own)
    if foreign:
        raise GroupsOutOfReachError(
            f"You may not put hosts into {', '.join(foreign)} or take them out. "
            f"Yours are {', '.join(sorted(own))}."
        )
    if own.isdisjoint(after):
        raise GroupsOutOfReachError(
            f"The host must be in one of your groups: {', '.join(sorted(own))}."
        )
