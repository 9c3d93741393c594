# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps an execution from beginning, as far as that is known without asking its host?"""

from api.executions.service import End, Hold, Task
from api.executions.states import WaitCode
from api.workflows.briefing import Briefing

_WORDS: dict[WaitCode, str] = {
    "offline": "was offline",
    "maintenance": "was in maintenance",
    "busy": "was busy",
}


def find_obstacle(briefing: Briefing) -> End | Hold | None:
    """Return what an execution waits for, or how it ends instead; None where it may begin."""
    task, standing, rollout = briefing.task, briefing.standing, briefing.order.rollout
    if standing.maintenance is not None:
        reason = f"Host {task.host_name} is in maintenance: {standing.maintenance}."
        if rollout.maintenance == "wait":
            return Hold("maintenance", reason)
        return End("canceled", "maintenance", f"Left out. {reason}", started=False)
    if standing.is_offline and rollout.offline == "wait":
        reason = f"The agent of {task.host_name} did not answer when it was asked last."
        return Hold("offline", reason)
    return None


def describe_timeout(task: Task, code: WaitCode, ttl_s: float) -> End:
    """Return how an execution ends that has waited for too long."""
    reason = f"Host {task.host_name} {_WORDS[code]} for {ttl_s:g} s, the time to live of the run."
    return End("failed", code, reason, started=False)
