# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form do notifications cross the API?"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
)

from api.core.paging import PageQuery
from api.hosts.selection.labels import MAX_REQUIREMENTS, LabelRequirement

Event = Literal[
    "run_started", "run_successful", "run_failed", "run_canceled", "host_offline", "host_online"
]
Status = Literal["waiting", "delivered", "failed"]

MAX_CHOICES = 50
"""Templates, groups or names in one filter."""

MAX_HEADERS = 10
MAX_HEADER_LENGTH = 4096
MIN_SECRET_LENGTH = 32
MAX_SECRET_LENGTH = 200
MAX_OVERLAP_S = 30 * 24 * 3600.0

_SECRET = re.compile(r"[!-~]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_OWN_HEADERS = frozenset(
    [
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    ]
)
_OWN_PREFIXES = ("x-myx-", "proxy-")


def _check_url(url: SecretStr) -> SecretStr:
    # None of the URL is repeated in the message: its path may be a secret.
    value = url.get_secret_value()
    try:
        parts = urlsplit(value)
        is_usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
        has_more = "@" in parts.netloc or "#" in value
    except ValueError:
        is_usable = has_more = False
    if not is_usable or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("it must be https://HOST/PATH, in ASCII")
    if has_more:
        raise ValueError("leave out user, password and fragment; 'headers' can hold a password")
    return url


def _check_headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, secret in headers.items():
        value, lower = secret.get_secret_value(), name.lower()
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError("the name of a header has letters, digits and '-'")
        if lower in _OWN_HEADERS or lower.startswith(_OWN_PREFIXES):
            raise ValueError(f"'{name}' is not yours to set")
        if not value.isascii() or not value.isprintable() or len(value) > MAX_HEADER_LENGTH:
            raise ValueError(f"'{name}' must be printable ASCII, {MAX_HEADER_LENGTH} characters")
    if len({name.lower() for name in headers}) != len(headers):
        raise ValueError("a header stands there twice")
    return headers


def _check_secret(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not MIN_SECRET_LENGTH <= len(value) <= MAX_SECRET_LENGTH or not _SECRET.fullmatch(value):
        raise ValueError(
            f"a secret has {MIN_SECRET_LENGTH} to {MAX_SECRET_LENGTH} characters, ASCII, no spaces"
        )
    return secret


_Url = Annotated[
    SecretStr,
    AfterValidator(_check_url),
    Field(
        max_length=2000,
        description="Where it is sent; shown later without its path, which may be a secret",
        examples=["https://hooks.example.com/services/T0/B0/x"],
    ),
]
_Headers = Annotated[
    dict[str, SecretStr],
    AfterValidator(_check_headers),
    Field(max_length=MAX_HEADERS, description="Headers that are added; never shown again"),
]
_Events = Annotated[frozenset[Event], Field(min_length=1, description="What is told")]
_Choices = Annotated[
    tuple[Annotated[str, StringConstraints(min_length=1, max_length=253)], ...],
    Field(max_length=MAX_CHOICES),
]
_Templates = Annotated[
    _Choices, Field(description="Only these playbooks; @command, @script, @install")
]
_Groups = Annotated[
    _Choices, Field(description="Only hosts of one of these groups, and their runs")
]
_TriggeredBy = Annotated[_Choices, Field(description="Only runs that one of these started")]
_Labels = Annotated[
    tuple[LabelRequirement, ...],
    Field(max_length=MAX_REQUIREMENTS, description="Only hosts with these labels, and their runs"),
]
_Secret = Annotated[
    Annotated[SecretStr, AfterValidator(_check_secret)] | None,
    Field(
        description="Signs what is sent, for a receiver that has made one; else one is made here",
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class NotificationCreate(_Body):
    """A new notification."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    url: _Url
    headers: _Headers = {}
    secret: _Secret = None
    events: _Events
    templates: _Templates = ()
    groups: _Groups = ()
    labels: _Labels = ()
    triggered_by: _TriggeredBy = ()
    is_enabled: bool = True


class NotificationUpdate(_Body):
    """What is to be changed; what is left out stays."""

    url: _Url | None = None
    headers: _Headers | None = None
    events: _Events | None = None
    templates: _Templates | None = None
    groups: _Groups | None = None
    labels: _Labels | None = None
    triggered_by: _TriggeredBy | None = None
    is_enabled: bool | None = None


class Notification(BaseModel):
    """A notification, without what is secret of it."""

    id: int
    name: str
    owner: Annotated[str, Field(description="It tells of nothing that they may not see")]
    destination: Annotated[str, Field(description="Where it is sent, without the path")]
    headers: Annotated[list[str], Field(description="Names of the headers that are added")]
    events: list[Event]
    templates: list[str]
    groups: list[str]
    labels: list[str]
    triggered_by: list[str]
    is_enabled: bool
    created_at: datetime
    updated_at: datetime


class NewSecret(Notification):
    """A notification with its newest secret: this is the only time that it is shown."""

    secret: Annotated[str, Field(repr=False)]


class Rotation(_Body):
    """How the secret is replaced."""

    secret: _Secret = None
    overlap_s: Annotated[
        float,
        Field(ge=0, le=MAX_OVERLAP_S, description="Seconds for which the old one signs too"),
    ] = 24 * 3600.0


class Delivery(BaseModel):
    """Something that is sent, and how far it has come."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    delivery_key: Annotated[str, Field(description="X-MyX-Delivery, the same at each attempt")]
    event: Event | Literal["test"]
    subject: str
    created_at: datetime
    status: Status
    attempts: int
    next_at: Annotated[datetime, Field(description="When it is tried next, while it waits")]
    finished_at: datetime | None
    status_code: Annotated[int | None, Field(description="HTTP status of the last answer")]
    reason: Annotated[str | None, Field(description="Why the last attempt failed")]


class DeliveryDetail(Delivery):
    """A delivery with what is sent."""

    payload: dict[str, Any]


class NotificationQuery(PageQuery):
    """Which notifications are listed."""

    order_by: Literal["id", "-id", "name", "-name"] = "name"


class DeliveryQuery(PageQuery):
    """Which deliveries are listed."""

    status: Status | None = None
    order_by: Literal["id", "-id"] = "-id"
