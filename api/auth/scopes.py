# SPDX-License-Identifier: GPL-3.0-or-later
"""How far does a permission reach? To the hosts of some groups, and to some templates.

A scope is a union of reaches: each stands for one grant, and its two limits hold together. Who may
run ``deploy.yml`` on ``web`` and ``backup.yml`` on ``db`` may not run ``backup.yml`` on ``web``.
Scopes are plain values; ``api.db.visibility`` turns them into conditions of queries.
"""

from collections.abc import Iterable
from dataclasses import dataclass

KIND_MARK = "@"
"""Before the kind of a run that is no playbook: ``@command``."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which hosts and which templates; ``None`` stands for all."""

    groups: frozenset[str] | None = None
    templates: frozenset[str] | None = None

    @property
    def is_unlimited(self) -> bool:
        """Whether it reaches everything."""
        return self.groups is None and self.templates is None

    def covers_host(self, groups: Iterable[str]) -> bool:
        """Say whether a host that is in these groups is reached."""
        return self.groups is None or not self.groups.isdisjoint(groups)

    def covers_template(self, template: str) -> bool:
        """Say whether a template is reached; see ``name_template``."""
        return self.templates is None or template in self.templates


EVERYWHERE = Reach()
"""Every host, every template."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything that one of the reaches covers; without any, nothing."""

    reaches: tuple[Reach, ...] = ()

    @property
    def is_unlimited(self) -> bool:
        """Whether it is everything."""
        return any(reach.is_unlimited for reach in self.reaches)

    @property
    def host_groups(self) -> frozenset[str] | None:
        """The groups whose hosts are in it, with whatever template; ``None`` for every host."""
        groups: set[str] = set()
        for reach in self.reaches:
            if reach.groups is None:
                return None
            groups |= reach.groups
        return frozenset(groups)

    def covers_host(self, groups: Iterable[str]) -> bool:
        """Say whether a host that is in these groups is in it, with whatever template."""
        members = frozenset(groups)
        return any(reach.covers_host(members) for reach in self.reaches)

    def narrow(self, template: str) -> "Scope":
        """Return what is left of it for one template; see ``name_template``."""
        return Scope(tuple(r for r in self.reaches if r.covers_template(template)))

    def without_templates(self) -> "Scope":
        """Return what is left of it where the template's name says nothing about its content."""
        return Scope(tuple(r for r in self.reaches if r.templates is None))


EVERYTHING = Scope((EVERYWHERE,))
"""For an admin, and for what the control plane does by itself."""

NOTHING = Scope()


def name_template(kind: str, name: str) -> str:
    """Return what grants call a run: its playbook, or ``@command``, ``@install`` and so on."""
    return name if kind == "playbook" else f"{KIND_MARK}{kind}"
