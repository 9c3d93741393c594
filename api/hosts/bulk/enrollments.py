# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form are the agents of many hosts taken over at once?"""

from collections import Counter
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from api.hosts.fields import HostName
from api.hosts.schemas import Body, Enrollment

MAX_ENROLLMENTS = 500
"""Hosts in one request: each agent is asked before it is answered."""


class NamedEnrollment(Enrollment):
    """The same with the name that the host is to have."""

    name: HostName


class Enrollments(Body):
    """Agents of many hosts that run already."""

    hosts: Annotated[list[NamedEnrollment], Field(min_length=1, max_length=MAX_ENROLLMENTS)]

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = Counter(host.name for host in self.hosts)
        repeated = sorted(name for name, count in names.items() if count > 1)
        if repeated:
            raise ValueError(f"the host '{repeated[0]}' is named more than once")
        return self


class NotEnrolled(BaseModel):
    """A host whose agent was not taken over."""

    name: str
    code: str
    message: str


class EnrollmentReport(BaseModel):
    """What became of many."""

    enrolled: Annotated[list[str], Field(description="Names of the hosts that were added")]
    failed: list[NotEnrolled]
