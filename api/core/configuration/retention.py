# SPDX-License-Identifier: GPL-3.0-or-later
"""How long does the control plane remember? The settings of it; ``docs/howto/retention.md``."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

_Days = Annotated[float, Field(ge=0, le=36_500)]


class RetentionSettings(BaseSettings):
    """What can be set about removing what is old; a part of ``Settings``."""

    keep_runs_days: _Days = Field(
        default=365.0,
        description="Days after its end until a run is removed with everything of it. 0 keeps "
        "runs for ever.",
    )
    keep_logs_days: _Days = Field(
        default=90.0,
        description="Days after its end until the log of an execution is removed; the execution "
        "stays and says when that was. 0 keeps logs as long as their runs.",
    )
    keep_events_days: _Days = Field(
        default=30.0,
        description="Days after its end until the events of an execution are removed; its log and "
        "recap stay. 0 keeps events as long as their runs.",
    )
    keep_deliveries_days: _Days = Field(
        default=30.0,
        description="Days for which deliveries to webhooks are listed, and for which one that "
        "comes again starts nothing; for which it is listed what notifications sent, and events "
        "of runs and hosts can be read (GET /events). 0 keeps them for ever.",
    )
    keep_host_states_days: _Days = Field(
        default=90.0,
        description="Days for which the states that hosts went into are remembered; the state that "
        "a host is in is kept. 0 keeps them for ever.",
    )
    keep_host_loads_days: _Days = Field(
        default=7.0,
        description="Days for which load, memory and disk of hosts are remembered, a sample in "
        "five minutes; each day is 288 rows of about 60 bytes a host. 0 keeps them for ever.",
    )
    keep_bundles: int = Field(
        default=50,
        ge=0,
        description="Content bundles that stay although no run, schedule or webhook needs them, "
        "the newest ones. 0 removes none.",
    )
    logs_max_bytes: int = Field(
        default=0,
        ge=0,
        description="Bytes that the logs of executions that have ended may have together; beyond "
        "it the oldest are removed. 0 sets no limit.",
    )
    retention_every_s: float = Field(
        default=3600.0,
        ge=0,
        description="Seconds between two looks for what is too old. 0 never looks: what is too "
        "old then goes with 'myx db prune' only.",
    )
