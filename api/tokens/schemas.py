# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form do API tokens cross the API?"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from api.auth.grants import GrantBody, Grants
from api.core.paging import PageQuery


class TokenCreate(BaseModel):
    """A new API token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
        Field(description="What it is for", examples=["deploy from CI"]),
    ]
    user: Annotated[
        str | None,
        Field(description="Whose it is; one's own where left out. Admins may name others"),
    ] = None
    is_own: Annotated[
        bool,
        Field(description="It belongs to no user but to the program that shows it; admins only"),
    ] = False
    grants: Annotated[
        Grants | None,
        Field(description="What it may, never more than its user; all of that where left out"),
    ] = None
    expires_at: Annotated[AwareDatetime | None, Field(description="Never where left out")] = None


class Token(BaseModel):
    """An API token, without the token."""

    id: int
    name: str
    user: Annotated[str | None, Field(description="Whose it is; null for a program's own")]
    prefix: Annotated[str, Field(description="How it begins")]
    grants: Annotated[list[GrantBody] | None, Field(description="null: all that its user may")]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="To the minute")]
    last_used_from: Annotated[str | None, Field(description="An address")]
    is_valid: Annotated[bool, Field(description="Neither expired nor revoked")]


class NewToken(Token):
    """An API token that was just made: this is the only time that it is shown."""

    model_config = ConfigDict(hide_input_in_errors=True)

    token: Annotated[str, Field(repr=False)]


class TokenQuery(PageQuery):
    """Which API tokens are listed."""

    user: Annotated[str | None, Field(description="Only theirs; admins only")] = None
    is_valid: Annotated[bool | None, Field(description="Only those that can be used, or not")] = (
        None
    )
    order_by: Annotated[
        Literal["id", "-id", "name", "-name", "last_used_at", "-last_used_at"],
        Field(description="Column; '-' in front for descending"),
    ] = "-id"
