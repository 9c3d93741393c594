# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be asked for about the way of a run through its hosts?"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Order = Literal["inventory", "reverse_inventory", "sorted", "reverse_sorted", "shuffle"]

MAX_WAVES = 100
"""Sizes of waves in one request; the last one is repeated anyway."""

MAX_WAIT_S = 30 * 24 * 3600.0
"""A month: for what takes longer, start a run later."""

MAX_SEED = 2**31 - 1

_SIZE = re.compile(r"[1-9]\d{0,5}|(?:100|[1-9]?\d)(?:\.\d{1,3})?%")


def _check_share(text: str) -> str:
    if not _SIZE.fullmatch(text) or (text.endswith("%") and not 0 < float(text[:-1]) <= 100):  # noqa: PLR2004
        raise ValueError(f"'{text}' is neither a number of hosts, like 5, nor a share, like 10%")
    return text


def _check_limit(text: str) -> str:
    return text if text in {"0", "0%"} else _check_share(text)


def _read_number(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value


Share = Annotated[
    str,
    BeforeValidator(_read_number, json_schema_input_type=int | str),
    AfterValidator(_check_share),
]
"""A number of hosts, or a percentage of all hosts of the run, rounded down, at least 1."""

FailureLimit = Annotated[
    str,
    BeforeValidator(_read_number, json_schema_input_type=int | str),
    AfterValidator(_check_limit),
]
"""So many hosts may fail, as a number or a percentage, rounded down; one more stops the run."""


class Rollout(BaseModel):
    """How a run goes through its hosts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    waves: Annotated[
        list[Share],
        Field(
            max_length=MAX_WAVES,
            description="Sizes of the waves, as Ansible's `serial`: numbers, or percentages of all "
            "hosts; the last one is repeated until no host is left. Empty: all at once",
            examples=[["1", "5%", "25%", "100%"]],
        ),
    ] = []
    order: Annotated[
        Order, Field(description="Order of the hosts, as Ansible's `order` of a play")
    ] = "inventory"
    seed: Annotated[
        int | None,
        Field(ge=0, le=MAX_SEED, description="Makes `shuffle` repeatable; chosen where left out"),
    ] = None
    max_failures: Annotated[
        FailureLimit | None,
        Field(description="So many hosts of the run may fail; one more stops it"),
    ] = None
    max_failures_per_wave: Annotated[
        FailureLimit | None,
        Field(description="So many hosts of a wave may fail; one more stops the run"),
    ] = None
    wave_pause_s: Annotated[
        float, Field(ge=0, le=MAX_WAIT_S, description="Seconds between two waves")
    ] = 0
    pause_after: Annotated[
        list[Annotated[int, Field(ge=1)]],
        Field(
            max_length=MAX_WAVES,
            description="Numbers of the waves after which the run pauses until somebody resumes it",
        ),
    ] = []
    forks: Annotated[
        int | None, Field(ge=1, le=10_000, description="Executions of the run at once")
    ] = None
    priority: Annotated[
        int, Field(ge=-100, le=100, description="Runs with more come first where slots are scarce")
    ] = 0
    offline: Annotated[
        Literal["fail", "wait"],
        Field(description="Whether a host that cannot be reached fails, or is waited for"),
    ] = "fail"
    maintenance: Annotated[
        Literal["skip", "wait"],
        Field(description="Whether a host in maintenance is left out, or is waited for"),
    ] = "skip"
    ttl_s: Annotated[
        float,
        Field(
            gt=0,
            le=MAX_WAIT_S,
            description="Seconds to wait for a host that is offline, in maintenance or busy",
        ),
    ] = 3600.0
