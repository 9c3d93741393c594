# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form is a run reported that was started elsewhere? Pieces that may be sent twice."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from agent_runner.protocol.methods import MAX_EVENTS, LogType
from api.core.storable import MAX_INT4, MAX_INT8
from api.executions.schemas import Recap
from api.executions.states import CONTROL_NODE, State
from api.runs.schemas import Body, Tags

MAX_HOSTS = 10_000
"""Hosts of one reported run."""

MAX_NAME_CHARS = 255
"""The longest name of a host: Ansible's inventories set no limit."""

MAX_LOG_BYTES = 256 * 1024 * 1024
"""Bytes of the log of one reported run."""

MAX_PIECES = 1000
"""Pieces of the log in one report: one ends where the other type of output begins."""


def _refuse_control_node(name: str) -> str:
    if name == CONTROL_NODE:
        raise ValueError("stands for the machine that reports")
    return name


ReportedHost = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_NAME_CHARS),
    AfterValidator(_refuse_control_node),
    Field(description="As the inventory there calls it; need not be known here"),
]


class ReportedRunCreate(Body):
    """A run that was started elsewhere."""

    name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=1024),
        Field(description="What is run, such as the playbook's path", examples=["site.yml"]),
    ]
    reported_from: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=255),
        Field(description="The machine where it was started", examples=["awx-1"]),
    ]
    job: Annotated[
        str | None,
        Field(max_length=255, description="What it is called there", examples=["awx-42"]),
    ] = None
    began_at: Annotated[
        AwareDatetime | None,
        Field(description="When it began, by the clock there; tells one from the next of a job"),
    ] = None
    limit: Annotated[str | None, Field(max_length=4096)] = None
    check: bool = False
    diff: bool = False
    tags: Annotated[Tags, Field(default_factory=list)]
    skip_tags: Annotated[Tags, Field(default_factory=list)]


class ReportedLog(Body):
    """A piece of the run's log, behind what was sent of it before."""

    offset: Annotated[int, Field(ge=0, le=MAX_INT8, description="Where it begins, in bytes")]
    data: Annotated[str, Field(description="Its text; the next piece begins behind its UTF-8")]
    log_type: LogType = "stdout"


class ReportedEvent(BaseModel):
    """An event in ansible-runner's form; one about a host is stored with that host."""

    model_config = ConfigDict(extra="allow", frozen=True)

    counter: Annotated[int, Field(ge=1, le=MAX_INT4, description="Grows by one in the whole run")]
    event: Annotated[str, Field(min_length=1, max_length=100, examples=["runner_on_ok"])]
    event_data: dict[str, Any] = {}


class Report(Body):
    """How a reported run goes on; an empty one says that whoever reports is still there."""

    log: Annotated[list[ReportedLog], Field(default_factory=list, max_length=MAX_PIECES)]
    events: Annotated[list[ReportedEvent], Field(default_factory=list, max_length=MAX_EVENTS)]


class ReportTaken(BaseModel):
    """What is said to whoever reports."""

    run_id: int
    status: State
    lost_after_s: Annotated[
        float, Field(description="Seconds without a report until the run is given up as lost")
    ]


class ReportedEnd(Body):
    """How a reported run ended."""

    status: Literal["successful", "failed", "canceled"]
    reason: Annotated[
        str | None, Field(max_length=2000, description="Why it did not succeed, for people")
    ] = None
    return_code: Annotated[int | None, Field(ge=-MAX_INT4, le=MAX_INT4)] = None
    recap: Annotated[
        dict[ReportedHost, Recap],
        Field(
            default_factory=dict, max_length=MAX_HOSTS, description="What was counted on each host"
        ),
    ]
