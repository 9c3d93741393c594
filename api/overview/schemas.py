# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form does the overview cross the API?"""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from api.executions.states import State, WaitCode
from api.hosts.schemas import AgentState

MAX_STEPS = 400
"""Steps in one answer: a year of days, or two weeks of hours."""

MIN_STEP_S = 60
MAX_STEP_S = 31 * 24 * 3600

YEARS = range(1970, 9000)


def _check_year(since: datetime) -> datetime:
    # The last step ends within the calendar, whatever is asked for.
    if since.year not in YEARS:
        raise ValueError(f"it must lie in the years {YEARS.start} to {YEARS.stop - 1}")
    return since


class HistoryQuery(BaseModel):
    """Into which steps of time the runs are counted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Annotated[
        AwareDatetime,
        AfterValidator(_check_year),
        Field(description="Where the first step begins; fractions of a second are left out"),
    ]
    step_s: Annotated[int, Field(ge=MIN_STEP_S, le=MAX_STEP_S, description="Length of a step")] = (
        24 * 3600
    )
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS, description="How many steps")] = 30

    @property
    def start(self) -> datetime:
        """Where the first step begins."""
        return self.since.replace(microsecond=0)

    @property
    def end(self) -> datetime:
        """Where the last step ends."""
        return self.start + timedelta(seconds=self.step_s * self.steps)


class HistoryStep(BaseModel):
    """The runs that ended within one step."""

    at: Annotated[datetime, Field(description="Where the step begins")]
    counts: Annotated[dict[State, int], Field(description="Runs by how they ended")]
    duration_mean_s: Annotated[
        float | None, Field(description="Mean seconds from start to end; null where none started")
    ]
    duration_max_s: Annotated[float | None, Field(description="Seconds of the longest of them")]


class History(BaseModel):
    """How runs went over time."""

    steps: Annotated[list[HistoryStep], Field(description="All steps, also those without a run")]


class Queue(BaseModel):
    """What waits and what runs on hosts."""

    running: Annotated[int, Field(description="Executions that run")]
    pending: Annotated[int, Field(description="Executions that have not begun")]
    waiting: Annotated[
        dict[WaitCode, int], Field(description="Those of them that wait for their host, and why")
    ]
    oldest_at: Annotated[
        datetime | None, Field(description="Since when the oldest has not begun; null: none waits")
    ]


class Overview(BaseModel):
    """How things stand now, as far as whoever asks may see them."""

    hosts: Annotated[dict[AgentState, int], Field(description="Hosts by the state of their agent")]
    hosts_in_maintenance: int
    runs: Annotated[dict[State, int], Field(description="Runs that have not ended, by state")]
    runs_paused: int
    ended_within_day: Annotated[
        dict[State, int], Field(description="Runs that ended within 24 hours, by how")
    ]
    queue: Queue
    log_behind_bytes: Annotated[
        int | None,
        Field(
            description="The most that a host held of a log and this process did not yet, lately; "
            "null for who does not see everything"
        ),
    ]
