# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form do grants cross the API and lie in rows, and what is left of two together?"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from api.auth.permissions import Role, weaker
from api.auth.principals import Grant
from api.auth.scopes import Reach

MAX_GRANTS = 100
"""Of one user or token: each is a condition in queries."""

MAX_TEMPLATE_LENGTH = 199
"""Below the length at which the names of runs are cut."""

_Names = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEMPLATE_LENGTH)]],
    Field(min_length=1, max_length=MAX_GRANTS),
]


class GrantBody(BaseModel):
    """A role, with optional limits that hold together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role
    groups: Annotated[
        _Names | None, Field(description="Only hosts of these groups", examples=[["web"]])
    ] = None
    templates: Annotated[
        _Names | None,
        Field(
            description="Only these playbooks; @command, @script, @install, @uninstall and "
            "@reported stand for what is none",
            examples=[["playbooks/deploy_caddy.yml"]],
        ),
    ] = None


Grants = Annotated[list[GrantBody], Field(min_length=1, max_length=MAX_GRANTS)]

_ADAPTER = TypeAdapter(list[GrantBody])


def dump_grants(bodies: Iterable[GrantBody]) -> list[dict[str, Any]]:
    """Turn grants into what rows and the audit hold."""
    return [body.model_dump() for body in bodies]


def load_grants(stored: Any) -> tuple[Grant, ...]:
    """Turn what rows hold into a principal's grants."""
    return tuple(
        Grant(body.role, Reach(_freeze(body.groups), _freeze(body.templates)))
        for body in _ADAPTER.validate_python(stored)
    )


def describe_grants(grants: Iterable[Grant]) -> list[GrantBody]:
    """Turn a principal's grants into what is answered."""
    return [
        GrantBody(role=g.role, groups=_list(g.reach.groups), templates=_list(g.reach.templates))
        for g in grants
    ]


def restrict(grants: Sequence[Grant], limits: Sequence[Grant]) -> tuple[Grant, ...]:
    """Return what both give: the smaller role on what both reach."""
    both = (_combine(one, other) for one in grants for other in limits)
    return tuple(dict.fromkeys(grant for grant in both if grant is not None))


def _combine(one: Grant, other: Grant) -> Grant | None:
    groups = _intersect(one.reach.groups, other.reach.groups)
    templates = _intersect(one.reach.templates, other.reach.templates)
    if groups == frozenset() or templates == frozenset():
        return None
    return Grant(weaker(one.role, other.role), Reach(groups, templates))


def _intersect(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _freeze(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _list(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
