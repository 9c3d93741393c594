# SPDX-License-Identifier: GPL-3.0-or-later
"""How are the hosts and the control plane itself watched? The settings of it."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings


class MonitoringSettings(BaseSettings):
    """What can be set about watching; a part of ``Settings``."""

    heartbeats: bool = Field(
        default=True,
        description="Ask all agents every now and then whether they are there. Without it a host "
        "counts as online or offline as of the last time that something was asked of it.",
    )
    heartbeat_min_s: float = Field(
        default=20.0,
        ge=1,
        description="Least seconds between two heartbeats of a host; each pause is another one "
        "between this and MYX_HEARTBEAT_MAX_S.",
    )
    heartbeat_max_s: float = Field(
        default=60.0, le=3600, description="Most seconds between two heartbeats of a host."
    )

    traces: bool = Field(
        default=False,
        description="Export OpenTelemetry traces, to where OTEL_EXPORTER_OTLP_ENDPOINT says; needs "
        "the extra 'otel' to be installed.",
    )

    @model_validator(mode="after")
    def _check_heartbeats(self) -> Self:
        if self.heartbeat_min_s > self.heartbeat_max_s:
            raise ValueError(
                f"MYX_HEARTBEAT_MIN_S={self.heartbeat_min_s:g} is above "
                f"MYX_HEARTBEAT_MAX_S={self.heartbeat_max_s:g}: lower it, or raise the other one"
            )
        return self
