# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a request say which hosts it is for?"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.hosts.schemas import HostStates
from api.hosts.selection.labels import LabelRequirements
from api.hosts.targets import Selector

Limit = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4096),
    Field(description="Ansible host pattern", examples=["web:!web3"]),
]


class Selection(BaseModel):
    """Which hosts a run is for: each of the three narrows the others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Limit | None = None
    labels: LabelRequirements = ()
    states: HostStates = ()

    @property
    def selector(self) -> Selector:
        """What chooses the hosts; labels or states without a limit choose among all."""
        limit = "all" if self.limit is None and (self.labels or self.states) else self.limit
        return Selector(limit, self.labels, self.states)


class LimitedSelection(Selection):
    """A request that must say where it goes."""

    @model_validator(mode="before")
    @classmethod
    def _ask_for_limit(cls, value: Any) -> Any:
        if isinstance(value, dict) and not _names_hosts(value):
            raise ValueError(
                "say on which hosts with 'limit' (--limit), 'labels' or 'states'; 'all' is a "
                "pattern for every host"
            )
        return value


def _names_hosts(body: dict[str, Any]) -> bool:
    return bool(str(body.get("limit") or "").strip() or body.get("labels") or body.get("states"))
