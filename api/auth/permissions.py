# SPDX-License-Identifier: GPL-3.0-or-later
"""What can somebody be allowed to do? Every route names one of these permissions.

A permission is held from a role on: an operator may what a viewer may, an admin may everything.
Those that are held *everywhere only* are about what no group and no template bounds: users,
the audit, content; a grant that is limited to groups or templates does not give them.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["viewer", "operator", "admin"]

_RANKS: dict[str, int] = {role: rank for rank, role in enumerate(get_args(Role))}


@dataclass(frozen=True, slots=True)
class Permission:
    """What a route asks for: from which role on it is held, and whether only everywhere."""

    name: str
    role: Role
    everywhere: bool = False


def includes(role: Role, needed: Role) -> bool:
    """Say whether ``role`` may all that ``needed`` may."""
    return _RANKS[role] >= _RANKS[needed]


def weaker(one: Role, other: Role) -> Role:
    """Return the role of the two that may less."""
    return min(one, other, key=_RANKS.__getitem__)


READ_HOSTS = Permission("hosts.read", "viewer")
WRITE_HOSTS = Permission("hosts.write", "admin")
MAINTAIN_HOSTS = Permission("hosts.maintain", "operator")
CONNECT_HOSTS = Permission("hosts.connect", "admin")
"""To run any program on a host as any account: an operator has it not, who may run playbooks."""
ENROLL_HOSTS = Permission("hosts.enroll", "admin", everywhere=True)
READ_GROUPS = Permission("groups.read", "viewer")
WRITE_GROUPS = Permission("groups.write", "admin", everywhere=True)
"""Variables of a group, and who is in it, may concern hosts of others."""
IMPORT_INVENTORY = Permission("inventory.import", "admin", everywhere=True)
INSTALL_AGENTS = Permission("agents.install", "admin")

READ_RUNS = Permission("runs.read", "viewer")
START_RUNS = Permission("runs.start", "operator")
CANCEL_RUNS = Permission("runs.cancel", "operator")
REPORT_RUNS = Permission("runs.report", "operator", everywhere=True)
"""What ran elsewhere may name any host, and hosts that are not known here."""

READ_TRIGGERS = Permission("triggers.read", "viewer")
WRITE_TRIGGERS = Permission("triggers.write", "operator")
"""Schedules, webhooks, notifications: they start and tell what whose they are may and sees."""

READ_CONTENT = Permission("content.read", "viewer")
WRITE_CONTENT = Permission("content.write", "operator", everywhere=True)
"""Whoever sends content decides what a playbook of any name does."""

READ_METRICS = Permission("metrics.read", "viewer", everywhere=True)
"""Counts over all hosts and runs."""

USE_ACCOUNT = Permission("account.use", "viewer")
"""One's own password, sessions and tokens."""

MANAGE_USERS = Permission("users.manage", "admin", everywhere=True)
READ_AUDIT = Permission("audit.read", "admin", everywhere=True)
ROTATE_KEYS = Permission("keys.rotate", "admin", everywhere=True)
