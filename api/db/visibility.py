# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rows lie within a scope? Conditions for the queries about hosts, runs and executions.

A host that was removed is in no group: what ran on it is seen by those who see every host. Who may
see a group may see the groups in it.
"""

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from api.auth.scopes import KIND_MARK, Reach, Scope
from api.models import Execution, Group, GroupChild, Host, HostGroup, Run
from api.models.triggers.owned import Owned, OwnerIds


def hosts_within(scope: Scope) -> ColumnElement[bool]:
    """Say that a host is within the scope."""
    groups = scope.host_groups
    return true() if groups is None else Host.id.in_(_ids_in_groups(groups))


def hosts_in_group(name: str) -> ColumnElement[bool]:
    """Say that a host is in a group, or in one inside it."""
    return Host.id.in_(_ids_in_groups(frozenset({name})))


def groups_within(scope: Scope) -> ColumnElement[bool]:
    """Say that a group is within the scope: one of its groups, or in one of them."""
    groups = scope.host_groups
    return true() if groups is None else Group.id.in_(_ids_of_groups(groups))


def runs_within(scope: Scope) -> ColumnElement[bool]:
    """Say that a run is within the scope: of its templates, and on one of its hosts at least."""
    if scope.is_unlimited:
        return true()
    return or_(False, *(_run_is_reached(reach) for reach in scope.reaches))


def executions_within(scope: Scope) -> ColumnElement[bool]:
    """Say that an execution is within the scope: on one of its hosts, of one of its templates."""
    if scope.is_unlimited:
        return true()
    return or_(False, *(_execution_is_reached(reach) for reach in scope.reaches))


def owned_by(table: type[Owned], owner: OwnerIds | None) -> ColumnElement[bool]:
    """Say that a row is the owner's; any row where ``None`` is given."""
    if owner is None:
        return true()
    if owner.user_id is not None:
        return table.owner_user_id == owner.user_id
    return and_(table.owner_user_id.is_(None), table.owner_token_id == owner.token_id)


def _run_is_reached(reach: Reach) -> ColumnElement[bool]:
    conditions = [_has_template(reach)]
    if reach.groups is not None:
        on_hosts = select(Execution.id).where(
            Execution.run_id == Run.id, Execution.host_id.in_(_ids_in_groups(reach.groups))
        )
        conditions.append(on_hosts.exists())
    return and_(*conditions)


def _execution_is_reached(reach: Reach) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if reach.groups is not None:
        conditions.append(Execution.host_id.in_(_ids_in_groups(reach.groups)))
    if reach.templates is not None:
        runs = select(Run.id).where(Run.id == Execution.run_id, _has_template(reach))
        conditions.append(runs.exists())
    return and_(*conditions)


def _has_template(reach: Reach) -> ColumnElement[bool]:
    """Say what ``Reach.covers_template`` says of ``name_template``."""
    if reach.templates is None:
        return true()
    kinds = [name[1:] for name in reach.templates if name.startswith(KIND_MARK)]
    return or_(
        and_(Run.kind == "playbook", Run.name.in_(reach.templates)),
        and_(Run.kind != "playbook", Run.kind.in_(kinds)),
    )


def _ids_in_groups(groups: frozenset[str]) -> Select[int]:
    inner = _ids_of_groups(groups)
    return select(HostGroup.host_id).where(HostGroup.group_id.in_(inner))


def _ids_of_groups(names: frozenset[str]) -> Select[int]:
    """Select these groups and all that are in them; without a name, so that two go together."""
    reached = select(Group.id).where(Group.name.in_(names)).cte(recursive=True)
    inside = select(GroupChild.child_id).join(reached, GroupChild.parent_id == reached.c.id)
    return select(reached.union(inside).c.id)
