# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form does the audit cross the API?"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.core.paging import PageQuery


class Entry(BaseModel):
    """Who did what."""

    model_config = ConfigDict(from_attributes=True)

    seq: Annotated[int, Field(description="Counts from 1 without gaps")]
    at: datetime
    actor: Annotated[str, Field(description="Who; myx is the control plane itself")]
    credential: Annotated[
        str, Field(description="Recognised by: admin_token, token/ID, session/ID, password")
    ]
    action: Annotated[str, Field(description="As the API's operation", examples=["create_run"])]
    object_kind: str
    object_name: str
    result: Annotated[str, Field(description="ok, or the code of the error")]
    details: dict[str, Any]
    address: str
    user_agent: str
    request_id: str
    hash: Annotated[str, Field(description="Over this entry and the hash of the one before")]


class AuditQuery(PageQuery):
    """Which entries are listed."""

    actor: Annotated[str | None, Field(description="Only what they did")] = None
    action: Annotated[str | None, Field(description="Only this; operations of this API")] = None
    object_kind: Annotated[str | None, Field(description="Only about such things: hosts")] = None
    object_name: Annotated[str | None, Field(description="Only about the one of this name")] = None
    result: Annotated[str | None, Field(description="Only with this result: ok")] = None
    after: Annotated[AwareDatetime | None, Field(description="Only from then on")] = None
    before: Annotated[AwareDatetime | None, Field(description="Only before")] = None
    order_by: Annotated[Literal["seq", "-seq"], Field(description="Oldest or newest first")] = (
        "-seq"
    )


class Flaw(BaseModel):
    """Something that does not fit."""

    seq: Annotated[int, Field(description="The entry at which it shows")]
    message: str


class Verification(BaseModel):
    """Whether the audit is what was written."""

    intact: bool
    entries: Annotated[int, Field(description="How many were looked at")]
    last_seq: int
    last_hash: Annotated[str, Field(description="Note it elsewhere: it stands for all before it")]
    flaws: Annotated[list[Flaw], Field(description="The first of them")]
