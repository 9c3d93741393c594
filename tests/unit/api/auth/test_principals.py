# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, permissions, and how far they reach."""

import pytest

from api.auth import permissions
from api.auth.errors import PermissionDeniedError
from api.auth.permissions import READ_RUNS, START_RUNS, WRITE_CONTENT, WRITE_HOSTS, Permission
from api.auth.principals import ADMIN, Grant, Principal
from api.auth.scopes import EVERYTHING, NOTHING, Reach, Scope, name_template

WEB = Reach(groups=frozenset({"web"}))
DEPLOY_WEB = Reach(groups=frozenset({"web"}), templates=frozenset({"deploy.yml"}))
BACKUP_DB = Reach(groups=frozenset({"db"}), templates=frozenset({"backup.yml", "@command"}))

ALL = [value for value in vars(permissions).values() if isinstance(value, Permission)]


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("viewer", {"viewer"}), ("operator", {"viewer", "operator"})],
)
def test_a_role_gives_its_permissions_and_those_below(role: str, allowed: set[str]) -> None:
    """An operator may what a viewer may, an admin everything; nobody without a grant anything."""
    somebody = Principal("somebody", (Grant(role),))  # type: ignore[arg-type]
    assert {p for p in ALL if somebody.may(p)} == {p for p in ALL if p.role in allowed}
    assert all(ADMIN.may(permission) for permission in ALL)
    assert not any(Principal("nobody").may(permission) for permission in ALL)


def test_permissions_have_names_of_their_own() -> None:
    """No two permissions share a name, which is what people are told."""
    assert len({permission.name for permission in ALL}) == len(ALL)


def test_a_limited_grant_gives_nothing_that_knows_no_limit() -> None:
    """Who may operate a group may not send content, which runs everywhere."""
    limited = Principal("somebody", (Grant("admin", WEB),))
    assert limited.may(WRITE_HOSTS)
    assert not limited.may(WRITE_CONTENT)
    assert Principal("somebody", (Grant("operator"),)).may(WRITE_CONTENT)
    with pytest.raises(PermissionDeniedError, match="without limits to groups or templates"):
        limited.require(WRITE_CONTENT)


def test_a_scope_is_what_the_grants_of_that_role_reach() -> None:
    """Seeing everything does not widen where somebody may run."""
    somebody = Principal("somebody", (Grant("viewer"), Grant("operator", WEB)))
    assert somebody.scope_of(READ_RUNS).is_unlimited
    assert somebody.scope_of(START_RUNS) == Scope((WEB,))
    assert somebody.scope_of(WRITE_HOSTS) == NOTHING


def test_the_limits_of_one_grant_hold_together() -> None:
    """Two grants do not make a third: their groups and templates are not mixed."""
    scope = Scope((DEPLOY_WEB, BACKUP_DB))
    assert scope.host_groups == {"web", "db"}
    assert scope.covers_host(["db", "eu"])
    assert scope.narrow("deploy.yml").covers_host(["web"])
    assert not scope.narrow("deploy.yml").covers_host(["db"])
    assert scope.narrow(name_template("command", "uptime")).host_groups == {"db"}
    assert scope.narrow("other.yml") == NOTHING
    assert scope.without_templates() == NOTHING


def test_everything_and_nothing() -> None:
    """Everything covers a host without groups, nothing covers none."""
    assert EVERYTHING.covers_host([])
    assert EVERYTHING.host_groups is None
    assert not NOTHING.covers_host(["web"])
    assert NOTHING.host_groups == frozenset()


def test_a_refusal_names_the_hosts_up_to_a_limit() -> None:
    """The first ten are named, the others counted."""
    names = [f"db{number}" for number in range(12)]
    message = PermissionDeniedError.of_hosts("somebody", names).message
    assert "db9 and 2 more" in message
    assert "db10" not in message
