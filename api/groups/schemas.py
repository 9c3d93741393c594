# SPDX-License-Identifier: GPL-3.0-or-later
"""What do requests and answers about groups look like?"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.core.paging import PageQuery
from api.groups.fields import (
    Children,
    GroupName,
    Members,
    Revision,
    SecretVariables,
    Text,
    Variables,
)

GroupOrder = Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]


class Body(BaseModel):
    """What a request sends; unknown fields are refused, so that none is silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GroupCreate(Body):
    """A new group."""

    name: GroupName
    description: Text = ""
    children: Children = []
    variables: Variables = {}
    secret_variables: SecretVariables = {}


class GroupUpdate(Body):
    """What changes of a group; what is left out stays.

    ``children`` and ``variables`` replace what was there.
    """

    description: Text | None = None
    children: Children | None = None
    variables: Variables | None = None
    secret_variables: SecretVariables | None = None
    add_hosts: Annotated[Members, Field(description="Hosts that come directly into it")] = []
    remove_hosts: Annotated[Members, Field(description="Hosts that are taken out of it")] = []
    revision: Revision = None


class GroupQuery(PageQuery):
    """Which groups to list."""

    search: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=200),
        Field(description="Part of the name or of the description"),
    ] = None
    order_by: Annotated[GroupOrder, Field(description="Column; '-' in front for descending")] = (
        "name"
    )


class Group(BaseModel):
    """Hosts that belong together."""

    name: str
    description: str
    children: Annotated[list[str], Field(description="Groups directly inside it")]
    parents: Annotated[list[str], Field(description="Groups that it is directly inside of")]
    hosts_count: Annotated[
        int | None,
        Field(description="Hosts directly in it; null for Ansible's own groups"),
    ]
    variables: dict[str, Any]
    secret_variables: Annotated[list[str], Field(description="Names of what is kept sealed")]
    warnings: Annotated[list[str], Field(description="What Ansible has against it")]
    revision: int
    created_at: datetime
    updated_at: datetime
