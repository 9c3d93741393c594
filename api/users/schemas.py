# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form do users cross the API?"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from api.audit.origin import OWN
from api.auth.grants import GrantBody, Grants
from api.auth.principals import ADMIN_NAME
from api.core.paging import PageQuery

NAME_PATTERN = r"^[a-z0-9][a-z0-9._@-]{0,63}$"
"""Lower case, so that no two names differ in case only; an e-mail address fits."""

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 1024

_TAKEN = {ADMIN_NAME, OWN.actor}


def _refuse_taken(name: str) -> str:
    if name in _TAKEN:
        raise ValueError(f"'{name}' is what the control plane calls itself or the admin token")
    return name


UserName = Annotated[
    str,
    Field(pattern=NAME_PATTERN, description="Name to sign in with", examples=["alice"]),
    AfterValidator(_refuse_taken),
]
Password = Annotated[
    SecretStr, Field(min_length=MIN_PASSWORD_LENGTH, max_length=MAX_PASSWORD_LENGTH)
]


class Body(BaseModel):
    """What a request sends; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class UserCreate(Body):
    """A new user."""

    name: UserName
    password: Annotated[
        Password | None, Field(description="Without one they use API tokens only")
    ] = None
    grants: Grants


class UserUpdate(Body):
    """What changes of a user; what is left out stays."""

    password: Annotated[Password | None, Field(description="Ends all their sessions")] = None
    grants: Grants | None = None
    is_disabled: Annotated[
        bool | None, Field(description="Whether they and their tokens are refused")
    ] = None


class PasswordChange(Body):
    """One's own new password."""

    current_password: Annotated[SecretStr, Field(max_length=MAX_PASSWORD_LENGTH)]
    new_password: Password


class UserQuery(PageQuery):
    """Which users are listed."""

    search: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=64),
        Field(description="Part of the name"),
    ] = None
    order_by: Annotated[
        Literal["name", "-name", "created_at", "-created_at"],
        Field(description="Column; '-' in front for descending"),
    ] = "name"


class User(BaseModel):
    """Somebody who signs in."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    grants: list[GrantBody]
    is_disabled: bool
    has_password: bool
    created_at: datetime
    updated_at: datetime


class Account(BaseModel):
    """Who asks."""

    name: str
    credential: Annotated[str, Field(description="admin_token, token/ID or session/ID")]
    grants: Annotated[list[GrantBody], Field(description="What they may with this credential")]
    expires_at: Annotated[datetime | None, Field(description="When the credential expires")]
