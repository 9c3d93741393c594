# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form do webhooks cross the API?"""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.core.paging import PageQuery
from api.runs.schemas import RunCreate
from api.triggers.requests import KeptRequest

Scheme = Literal["myx", "github", "gitlab"]
Outcome = Literal["pending", "ran", "ignored", "failed"]

MAX_MATCHERS = 20
MAX_OVERLAP_S = 30 * 24 * 3600.0

_Pointer = Annotated[
    str,
    Field(max_length=500, pattern=r"^(/[^/]*)*$", description="JSON pointer", examples=["/ref"]),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Matcher(_Body):
    """Something that must hold of a delivery: one place, one condition."""

    pointer: _Pointer | None = None
    header: Annotated[str | None, Field(max_length=100, examples=["X-GitHub-Event"])] = None
    equals: str | int | float | bool | None = None
    matches: Annotated[
        str | None,
        Field(max_length=500, description="Regular expression, found anywhere; admins only"),
    ] = None
    exists: bool | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.pointer is None) == (self.header is None):
            raise ValueError("name one place: 'pointer' into the body, or 'header'")
        if sum(each is not None for each in (self.equals, self.matches, self.exists)) != 1:
            raise ValueError("name one condition: 'equals', 'matches' or 'exists'")
        return self


class Mapped(_Body):
    """A variable that a value of the payload becomes."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
    pointer: _Pointer
    type: Literal["string", "number", "boolean"] = "string"
    required: Annotated[bool, Field(description="Ignore a delivery without it")] = False
    default: str | int | float | bool | None = None


class WebhookCreate(_Body):
    """A new webhook."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    scheme: Scheme = "myx"
    matchers: Annotated[
        tuple[Matcher, ...], Field(max_length=MAX_MATCHERS, description="All must hold")
    ] = ()
    variables: Annotated[tuple[Mapped, ...], Field(max_length=MAX_MATCHERS)] = ()
    limit_from: Annotated[
        _Pointer | None,
        Field(description="Where the payload names a host or group; narrows the run's limit"),
    ] = None
    is_enabled: bool = True
    run: Annotated[RunCreate, Field(description="As the body of POST /runs")]


class WebhookUpdate(_Body):
    """What is to be changed; what is left out stays."""

    matchers: Annotated[tuple[Matcher, ...] | None, Field(max_length=MAX_MATCHERS)] = None
    variables: Annotated[tuple[Mapped, ...] | None, Field(max_length=MAX_MATCHERS)] = None
    is_enabled: bool | None = None
    run: RunCreate | None = None


class Webhook(BaseModel):
    """A webhook, without its secrets."""

    id: int
    name: str
    owner: Annotated[str, Field(description="On whose behalf and with whose rights it runs")]
    path: Annotated[str, Field(description="Where deliveries are sent, with POST")]
    scheme: Scheme
    matchers: list[Matcher]
    variables: list[Mapped]
    limit_from: str | None
    is_enabled: bool
    run: KeptRequest
    refused_count: Annotated[int, Field(description="Deliveries that were not rightly signed")]
    refused_at: datetime | None
    refused_from: str | None
    created_at: datetime
    updated_at: datetime


class NewSecret(Webhook):
    """A webhook with its newest secret: this is the only time that it is shown."""

    secret: Annotated[str, Field(repr=False)]


class Rotation(_Body):
    """How the secret is replaced."""

    overlap_s: Annotated[
        float,
        Field(ge=0, le=MAX_OVERLAP_S, description="Seconds for which the old one stays right"),
    ] = 24 * 3600.0


class Delivery(BaseModel):
    """Something that was delivered, and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    delivery_key: str
    received_at: datetime
    address: str
    size_bytes: int
    outcome: Outcome
    reason: Annotated[str | None, Field(description="Why it was ignored, or failed")]
    run_id: int | None


class Receipt(BaseModel):
    """What the sender is answered."""

    outcome: Outcome
    reason: str | None
    run_id: int | None


class WebhookQuery(PageQuery):
    """Which webhooks are listed."""

    order_by: Literal["id", "-id", "name", "-name"] = "name"


class DeliveryQuery(PageQuery):
    """Which deliveries are listed."""

    outcome: Outcome | None = None
    order_by: Literal["id", "-id"] = "-id"
