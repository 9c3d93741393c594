# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form does the load of a host cross the API?"""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationInfo

YEARS = range(1970, 9000)


def _check_year(at: datetime | None) -> datetime | None:
    if at is not None and at.year not in YEARS:
        raise ValueError(f"it must lie in the years {YEARS.start} to {YEARS.stop - 1}")
    return at


def _check_order(until: datetime | None, info: ValidationInfo) -> datetime | None:
    since = info.data.get("since")
    if until is not None and since is not None and until <= since:
        raise ValueError("it must be later than 'since'")
    return until


class LoadQuery(BaseModel):
    """Of which time the load is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Annotated[
        AwareDatetime | None,
        AfterValidator(_check_year),
        Field(description="Where it begins; a day before its end, if left out"),
    ] = None
    until: Annotated[
        AwareDatetime | None,
        AfterValidator(_check_year),
        AfterValidator(_check_order),
        Field(description="Where it ends; now, if left out"),
    ] = None


class Level(BaseModel):
    """How high something was within a step of time."""

    mean: float
    max: float


class LoadPoint(BaseModel):
    """How busy the host was within one step of time."""

    at: Annotated[datetime, Field(description="Where the step begins")]
    load_1m: Level
    memory_used_percent: Level
    disk_used_percent: Level


class LoadHistory(BaseModel):
    """How busy a host was over time."""

    since: Annotated[datetime, Field(description="Where the first step begins")]
    until: Annotated[datetime, Field(description="Where the last step ends")]
    step_s: Annotated[
        int,
        Field(
            description="Seconds of a step: 300, of which there is one sample each, or a multiple "
            "of it where there would be more than 400 steps"
        ),
    ]
    points: Annotated[
        list[LoadPoint], Field(description="The steps in which the host was heard of, in order")
    ]
