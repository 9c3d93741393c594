# SPDX-License-Identifier: GPL-3.0-or-later
"""Which playbooks can be forked from the same loaded Ansible?

Ansible reads its settings when it is loaded: from the environment, and from an ``ansible.cfg``
that the environment or the working directory decides on. So those with the same environment and
the same working directory can; what differs from execution to execution is read by nobody before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from agent_runner.executions.processes import MARKER
from agent_runner.executions.supervisor.child import EVENTS_FD_VARIABLE

if TYPE_CHECKING:
    from agent_runner.executions.supervisor.launch import Launch

LOCAL_TEMP = "ANSIBLE_LOCAL_TEMP"
"""Where ``ansible-playbook`` keeps its scratch files; made anew for each fork."""

OF_ONE_EXECUTION = frozenset({MARKER, LOCAL_TEMP, EVENTS_FD_VARIABLE})
"""The variables that no two executions share."""


class Profile(NamedTuple):
    """What is the same for all playbooks of a resident process."""

    cwd: str
    env: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, launch: Launch) -> Self:
        """Return the profile of a launch, be it completed or not."""
        shared = ((key, val) for key, val in launch.env.items() if key not in OF_ONE_EXECUTION)
        return cls(launch.cwd, frozenset(shared))
