# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form is a run told of that lies in the database?"""

from collections.abc import Mapping

from api.executions.states import State
from api.models import Run as RunRow
from api.runs.schemas import Run


def build_run(row: RunRow, counts: Mapping[State, int]) -> Run:
    """Return a run with the number of its executions in each state."""
    spec = row.spec
    return Run.model_validate(
        {
            "id": row.id,
            "kind": row.kind,
            "name": row.name,
            "status": row.status,
            "reason_code": row.reason_code,
            "reason": row.reason,
            "limit": row.limit_pattern,
            "labels": spec.get("labels", []),
            "states": spec.get("states", []),
            "warnings": spec.get("warnings", []),
            "check": spec.get("check", False),
            "diff": spec.get("diff", False),
            "tags": spec.get("tags", []),
            "skip_tags": spec.get("skip_tags", []),
            "timeout_s": row.timeout_s,
            "bundle_digest": row.bundle_digest,
            "created_by": row.created_by,
            "created_at": row.created_at,
            "started_at": row.started_at,
            "finished_at": row.finished_at,
            "rollout": row.rollout,
            "retry_of": row.retry_of,
            "paused_at": row.paused_at,
            "pause_reason": row.pause_reason,
            "wait_reason": row.wait_reason,
            "reported_from": spec.get("reported_from"),
            "job": spec.get("job"),
            "hosts_total": sum(counts.values()),
            "counts": dict(counts),
        }
    )
