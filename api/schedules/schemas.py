# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form do schedules cross the API?"""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.core.paging import PageQuery
from api.runs.schemas import RunCreate
from api.schedules.times import MAX_CRON_LENGTH
from api.triggers.requests import KeptRequest

Missed = Literal["skip", "run_once"]
Overlap = Literal["skip", "allow"]
Outcome = Literal["started", "missed", "overlapped", "failed"]

MAX_GRACE_S = 30 * 24 * 3600.0

_Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    Field(description="Unique, for people", examples=["nightly backup"]),
]
_Cron = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CRON_LENGTH),
    Field(
        description="Minute, hour, day of month, month, day of week", examples=["30 2 * * MON-FRI"]
    ),
]
_Zone = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_+/-]+$",
        description="Of the IANA database",
        examples=["Europe/Berlin"],
    ),
]
_At = Annotated[AwareDatetime, Field(description="Once, at this time")]
_Grace = Annotated[
    float,
    Field(ge=0, le=MAX_GRACE_S, description="Seconds after which it is too late to catch up"),
]
_Missed = Annotated[
    Missed,
    Field(
        description="What becomes of times at which no control plane was there: 'run_once' "
        "catches up with one run within the grace, 'skip' does not"
    ),
]
_Overlap = Annotated[
    Overlap,
    Field(
        description="'skip' starts nothing while the last run goes on; 'allow' starts the next "
        "one, whose executions wait for their turn on each host"
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ScheduleCreate(_Body):
    """A new schedule: what to run and when."""

    name: _Name
    cron: _Cron | None = None
    timezone: _Zone = "UTC"
    at: _At | None = None
    missed: _Missed = "run_once"
    grace_s: _Grace = 3600.0
    overlap: _Overlap = "skip"
    run: Annotated[RunCreate, Field(description="As the body of POST /runs")]

    @model_validator(mode="after")
    def _check_time(self) -> Self:
        if (self.cron is None) == (self.at is None):
            raise ValueError("say when: 'cron' for again and again, or 'at' for once")
        return self


class ScheduleUpdate(_Body):
    """What is to be changed; what is left out stays."""

    name: _Name | None = None
    cron: _Cron | None = None
    timezone: _Zone | None = None
    at: _At | None = None
    missed: _Missed | None = None
    grace_s: _Grace | None = None
    overlap: _Overlap | None = None
    run: RunCreate | None = None

    @model_validator(mode="after")
    def _check_time(self) -> Self:
        if self.cron is not None and self.at is not None:
            raise ValueError("say when: 'cron' for again and again, or 'at' for once")
        return self


class Schedule(BaseModel):
    """A schedule."""

    id: int
    name: str
    owner: Annotated[str, Field(description="On whose behalf and with whose rights it runs")]
    cron: str | None
    timezone: str
    at: datetime | None
    missed: Missed
    grace_s: float
    overlap: Overlap
    paused_at: datetime | None
    next_at: Annotated[datetime | None, Field(description="null while it is paused, or at its end")]
    last_at: Annotated[datetime | None, Field(description="The last time it was due")]
    last_outcome: Annotated[Outcome | None, Field(description="What became of that")]
    last_reason: str | None
    last_run_id: Annotated[int | None, Field(description="The last run that it started")]
    run: KeptRequest
    created_at: datetime
    updated_at: datetime


class Times(BaseModel):
    """The next times of a schedule."""

    timezone: str
    times: Annotated[list[datetime], Field(description="In UTC; as if it were not paused")]


class ScheduleQuery(PageQuery):
    """Which schedules are listed."""

    search: Annotated[
        str | None, Field(min_length=1, max_length=200, description="Part of the name")
    ] = None
    paused: Annotated[bool | None, Field(description="Only paused ones, or the others")] = None
    order_by: Annotated[
        Literal["id", "-id", "name", "-name", "next_at", "-next_at"],
        Field(description="Column; '-' in front for descending"),
    ] = "name"


class TimesQuery(BaseModel):
    """How many times are shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: Annotated[int, Field(ge=1, le=100)] = 10
