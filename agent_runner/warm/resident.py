# SPDX-License-Identifier: GPL-3.0-or-later
"""How does one process that has loaded Ansible become many supervisors of playbooks?

It is a nursery (see ``executions.nursery``) that has loaded more. It holds nothing of any
execution, and leaves when what it has loaded is out of date.
"""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

from agent_runner.executions.nursery.names import rename_process
from agent_runner.executions.nursery.requests import READY, take_agent
from agent_runner.executions.nursery.resident import fork_supervisors
from agent_runner.executions.playbooks import command_line
from agent_runner.executions.spawn import BARE_ENVIRONMENT, ROOM_VARIABLE
from agent_runner.executions.supervisor.main import supervise
from agent_runner.warm.freshness import Freshness, list_sources
from agent_runner.warm.loading import find_unfitness, list_fds, load_ansible
from agent_runner.warm.profile import Profile
from agent_runner.warm.program import WarmStart


def serve(cwd: str) -> None:
    """Load Ansible, tell the agent, and fork supervisors until the agent is gone."""
    rename_process("myx-warm", cwd)
    agent = take_agent()
    os.environ.pop(ROOM_VARIABLE, None)
    os.chdir(cwd)
    os.environ.update(command_line.find_additions(dict(os.environ), cwd))
    profile = Profile(cwd, frozenset(os.environ.items()))
    former_fds = list_fds()
    said = _load_quietly()
    fault = "says_something" if said else find_unfitness(former_fds)
    if fault is not None:
        agent.send(fault.encode())
        return
    freshness = Freshness(list_sources(cwd))
    os.environ.clear()
    os.environ.update(BARE_ENVIRONMENT)  # a supervisor's: what it adds to it is the playbook's
    agent.send(READY)
    fork_supervisors(
        agent,
        functools.partial(supervise, start=WarmStart(profile)),
        lambda: "out_of_date" if freshness.find_change() else None,
    )


def _load_quietly() -> bytes:
    """Load Ansible and return what it printed: that would be missing in each playbook's log."""
    witness_fd = os.memfd_create("said")
    kept = [os.dup(fd) for fd in (1, 2)]
    for fd in (1, 2):
        os.dup2(witness_fd, fd)
    try:
        load_ansible()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for fd, former in zip((1, 2), kept, strict=True):
            os.dup2(former, fd)
            os.close(former)
        said = Path(f"/proc/self/fd/{witness_fd}").read_bytes()
        os.close(witness_fd)
    return said
