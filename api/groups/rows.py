# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a group's row made, and what do hosts learn of a group?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from api import models


@dataclass(frozen=True, slots=True)
class GroupVariables:
    """The variables of a group: for hosts, not for people."""

    plain: dict[str, Any]
    secret: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """A group as an inventory describes it."""

    name: str
    children: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)


def make_group(
    name: str, at: datetime, description: str = "", variables: dict[str, Any] | None = None
) -> models.Group:
    """Make the row of a new group, with nothing in it."""
    return models.Group(
        name=name,
        description=description,
        variables=variables or {},
        secret_variables_sealed=None,
        created_at=at,
        updated_at=at,
        revision=1,
    )
