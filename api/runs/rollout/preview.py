# SPDX-License-Identifier: GPL-3.0-or-later
"""What would a run do? Its hosts by wave, and those that it would not or not yet run on."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from api.executions.service import Target
from api.hosts.targets import HostStanding
from api.runs.rollout.schemas import Rollout


class PreviewWave(BaseModel):
    """The hosts that would go together."""

    number: int
    hosts: list[str]


class Objection(BaseModel):
    """Why a host would not, or not yet, run it."""

    host: str
    code: Annotated[str, Field(description="not_installed, offline or maintenance")]
    reason: str


class Preview(BaseModel):
    """What a run would do."""

    bundle_digest: str | None
    rollout: Annotated[
        Rollout, Field(description="As asked for, with the seed: send it to get this very order")
    ]
    hosts_total: int
    waves: list[PreviewWave]
    objections: list[Objection]


def build_preview(
    digest: str | None,
    rollout: Rollout,
    targets: Sequence[Target],
    standings: Mapping[int, HostStanding],
) -> Preview:
    """Build it from hosts in their order."""
    waves: dict[int, list[str]] = {}
    for target in targets:
        waves.setdefault(target.wave, []).append(target.host_name)
    objections = [_find_objection(target, standings.get(target.host_id)) for target in targets]
    return Preview(
        bundle_digest=digest,
        rollout=rollout,
        hosts_total=len(targets),
        waves=[PreviewWave(number=number, hosts=hosts) for number, hosts in waves.items()],
        objections=[objection for objection in objections if objection is not None],
    )


def _find_objection(target: Target, standing: HostStanding | None) -> Objection | None:
    name = target.host_name
    if standing is None or not standing.has_agent:
        reason = f"It has no agent yet. Install it with 'myx host install {name}'."
        return Objection(host=name, code="not_installed", reason=reason)
    if standing.maintenance is not None:
        return Objection(host=name, code="maintenance", reason=standing.maintenance)
    if standing.is_offline:
        reason = "Its agent did not answer when it was asked last."
        return Objection(host=name, code="offline", reason=reason)
    return None
