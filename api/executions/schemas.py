# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form do executions, their logs and their events cross the API?"""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent_runner.protocol.methods import (
    MAX_EVENTS,
    MAX_PIECE_BYTES,
    MAX_WAIT_S,
    MIN_PIECE_BYTES,
    LogType,
)
from agent_runner.protocol.pieces import Encoding
from api.core.paging import PageQuery
from api.core.storable import MAX_INT4, MAX_INT8
from api.executions.states import ReasonCode, State, WaitCode


class Recap(BaseModel):
    """What ``ansible-playbook`` counts at its end."""

    ok: int = 0
    changed: int = 0
    unreachable: int = 0
    failed: int = 0
    skipped: int = 0
    rescued: int = 0
    ignored: int = 0


class Execution(BaseModel):
    """A run on one host."""

    model_config = ConfigDict(from_attributes=True)

    id: Annotated[str, Field(description="UUIDv7; the command_id on the host")]
    run_id: int
    host: Annotated[str, Field(validation_alias="host_name", description="Name of the host")]
    wave: Annotated[int, Field(description="Number of its wave; the first is 1")] = 1
    status: State
    wait_code: Annotated[
        WaitCode | None, Field(description="What it waits for on its host, for programs")
    ] = None
    wait_reason: Annotated[
        str | None, Field(description="What it waits for on its host, for people")
    ] = None
    waiting_since: Annotated[
        datetime | None, Field(description="When it first had to wait for its host")
    ] = None
    reason_code: Annotated[ReasonCode | None, Field(description="Why it ended, for programs")]
    reason: Annotated[str | None, Field(description="Why it ended, for people")]
    return_code: Annotated[
        int | None, Field(description="The program's exit code; -N where signal N ended it")
    ]
    started_at: datetime | None
    finished_at: datetime | None
    log_bytes: Annotated[int, Field(description="Bytes of log that are stored, or were")]
    log_removed_at: Annotated[
        datetime | None,
        Field(description="When its log was removed: too old, or one of too many"),
    ] = None
    events_removed_at: Annotated[
        datetime | None, Field(description="When its events were removed, as too old")
    ] = None
    recap: Annotated[Recap | None, Field(description="Ansible's counts; null for others")]


class ExecutionQuery(PageQuery):
    """Which executions of a run are listed."""

    status: Annotated[State | None, Field(description="Only those in this state")] = None
    host: Annotated[str | None, Field(description="Only the one on this host")] = None
    wave: Annotated[int | None, Field(ge=1, le=MAX_INT4, description="Only those of this wave")] = (
        None
    )
    order_by: Annotated[
        Literal[
            "host",
            "-host",
            "position",
            "-position",
            "started_at",
            "-started_at",
            "status",
            "-status",
        ],
        Field(description="Sorted by; a leading minus turns it round"),
    ] = "host"


class LogQuery(BaseModel):
    """Which piece of a log is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offset: Annotated[int, Field(ge=0, le=MAX_INT8, description="First byte to read")] = 0
    limit: Annotated[
        int, Field(ge=MIN_PIECE_BYTES, le=MAX_PIECE_BYTES, description="Most bytes in the answer")
    ] = MAX_PIECE_BYTES
    wait_s: Annotated[
        float, Field(ge=0, le=MAX_WAIT_S, description="Seconds to wait for a new byte")
    ] = 0


class LogPieceOut(BaseModel):
    """A contiguous piece of one type; send ``new_offset`` back to read on."""

    log_data: str
    log_type: LogType
    encoding: Annotated[
        Encoding,
        Field(description="base64 where the bytes are not UTF-8; never splits a character"),
    ]
    offset: Annotated[int, Field(description="The piece's first byte")]
    new_offset: Annotated[int, Field(description="offset + number of bytes in the piece")]
    size: Annotated[int, Field(description="Bytes stored by now")]
    is_final: Annotated[
        bool, Field(description="The execution has ended and nothing lies behind new_offset")
    ]


class LogPiecesOut(BaseModel):
    """Pieces of both types that follow each other; send ``new_offset`` back to read on."""

    pieces: list[LogPieceOut]
    new_offset: Annotated[int, Field(description="Where the next read begins")]
    size: Annotated[int, Field(description="Bytes stored by now")]
    is_final: Annotated[
        bool, Field(description="The execution has ended and nothing lies behind new_offset")
    ]


class LogSearchQuery(BaseModel):
    """What is looked for in a log, and from where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            pattern=r"^[^\x00-\x1f]*$",
            description="What the line says, in upper or lower case; null for failures",
        ),
    ] = None
    failures: Annotated[
        bool, Field(description="Look for tasks that failed and were not ignored, and lost hosts")
    ] = False
    offset: Annotated[
        int,
        Field(ge=0, le=MAX_INT8, description="A line's beginning, or the 'scanned_to' before"),
    ] = 0
    backward: Annotated[
        bool, Field(description="Look at lines before offset, not from offset on")
    ] = False

    @model_validator(mode="after")
    def _check_wanted(self) -> Self:
        if (self.text is None) != self.failures:
            raise ValueError("send either 'text' or 'failures'")
        return self


class LogMatch(BaseModel):
    """The next line that was looked for, as far as one answer looks."""

    model_config = ConfigDict(from_attributes=True)

    offset: Annotated[
        int | None, Field(description="Its first byte; that of the match where the line is long")
    ]
    scanned_to: Annotated[int, Field(description="Send it as 'offset' to look on")]
    is_complete: Annotated[
        bool, Field(description="Found, or nothing is left to look through in this direction")
    ]


class LogPlaceQuery(BaseModel):
    """Which place of a log is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    line: Annotated[
        int | None, Field(ge=1, le=MAX_INT8, description="Number of the line, the first being 1")
    ] = None
    offset: Annotated[
        int | None, Field(ge=0, le=MAX_INT8, description="A byte of the line whose number is asked")
    ] = None

    @model_validator(mode="after")
    def _check_wanted(self) -> Self:
        if (self.line is None) == (self.offset is None):
            raise ValueError("send either 'line' or 'offset'")
        return self


class LogPlace(BaseModel):
    """Where a line is; counted bit by bit, so that an answer is never long in coming."""

    model_config = ConfigDict(from_attributes=True)

    line: Annotated[int | None, Field(description="null: not counted so far, or not there")]
    offset: Annotated[
        int | None, Field(description="The byte that was asked for, or the line's first")
    ]
    counted_to: Annotated[int, Field(description="Bytes that are counted")]
    is_complete: Annotated[bool, Field(description="false: ask again, and more will be counted")]


class EventsQuery(BaseModel):
    """Which events are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Annotated[
        int, Field(ge=0, le=MAX_INT4, description="Only events with a larger counter")
    ] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_EVENTS, description="Most events in the answer")] = (
        MAX_EVENTS
    )
    wait_s: Annotated[
        float, Field(ge=0, le=MAX_WAIT_S, description="Seconds to wait for a new event")
    ] = 0


class EventsOut(BaseModel):
    """Events in ansible-runner's form, in order of their ``counter``."""

    events: list[dict[str, Any]]
    last: Annotated[int, Field(description="Counter of the last event here; send it as 'after'")]
    is_final: Annotated[
        bool, Field(description="The execution has ended and no event lies behind 'last'")
    ]
