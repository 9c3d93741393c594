# SPDX-License-Identifier: GPL-3.0-or-later
"""Which blows does a host take, and how may what ran there end?

A blow waits until there is something to hit, lets a random time pass, hits, and returns when it
is over: the network is back, the disk has room again, the machine is on.
"""

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from breaking import spools
from driver.control_plane import ControlPlane
from lab.clocks import set_clock
from lab.hosts import Host
from lab.processes import find_agent, find_supervisor
from lab.waiting import wait_for

SPAN_S = float(os.environ.get("MYX_FAULT_SPAN_S", "6"))
"""A blow comes at a random moment of so many seconds since the start; programs run as long."""

CUT_S = float(os.environ.get("MYX_FAULT_CUT_S", "5"))
"""How long a host is off the network."""

Ends = frozenset[tuple[str, str]]

COMPLETED: Ends = frozenset({("successful", "completed")})
KILLED: Ends = frozenset({("lost", "supervisor_died")})
NEVER_BEGUN: Ends = frozenset(
    {
        ("failed", "unreachable"),
        ("failed", "disk_full"),
        ("failed", "could_not_start"),
        ("lost", "supervisor_died"),
        ("lost", "interrupted"),
    }
)
"""How an execution ends that was hit before its program was started."""


@dataclass
class Target:
    """A host with a script and a playbook under way, and the moment in which it is hit.

    ``ahead_s`` is where the blow has left the host's clock, ``clocks_s`` where it has been.
    """

    plane: ControlPlane
    host: Host
    executions: dict[str, str]
    random: random.Random
    ahead_s: int = 0
    clocks_s: set[int] = field(default_factory=lambda: {0})
    problems: list[str] = field(default_factory=list)

    def wait_for_the_moment(self) -> None:
        """Let a random time pass."""
        time.sleep(self.random.uniform(0, SPAN_S))


@dataclass(frozen=True)
class Fault:
    """A blow and the ends that are right after it, by the kind of what ran.

    ``keeps_unsynced`` is false where the host's log may have lost its end.
    """

    name: str
    strike: Callable[[Target], None]
    script: Ends = COMPLETED
    playbook: Ends = COMPLETED
    keeps_unsynced: bool = True

    def allows(self, kind: str, end: tuple[str, str]) -> bool:
        """Tell whether an execution that has begun may end like this."""
        allowed = self.script if kind == "script" else self.playbook
        return end in allowed


def _kill_agent(target: Target) -> None:
    target.wait_for_the_moment()
    pid = wait_for("the agent", partial(find_agent, target.host))
    os.kill(pid, signal.SIGKILL)


def _kill_unit(target: Target) -> None:
    target.wait_for_the_moment()
    target.host.execute("systemctl", "kill", "--signal=KILL", "--kill-who=all", "myx-agent")


def _restart_agent(target: Target) -> None:
    target.wait_for_the_moment()
    target.host.execute("systemctl", "restart", "myx-agent")


def _kill_supervisors(target: Target) -> None:
    for execution_id in target.executions.values():
        wait_for("its supervisor", partial(_is_supervised_or_over, target, execution_id))
    target.wait_for_the_moment()
    for execution_id in target.executions.values():
        pid = find_supervisor(execution_id)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)


def _is_supervised_or_over(target: Target, execution_id: str) -> bool:
    ended = spools.find_ended_at(target.host, execution_id) is not None
    return ended or find_supervisor(execution_id) is not None


def _kill_ansible_playbook(target: Target) -> None:
    playbook = target.executions["playbook"]
    pid = wait_for("ansible-playbook", partial(spools.find_program, target.host, playbook))
    target.wait_for_the_moment()
    target.host.execute("kill", "-9", str(pid), check=False)


def _pull_the_plug(target: Target) -> None:
    target.wait_for_the_moment()
    target.host.lose_power()
    time.sleep(target.random.uniform(0, 3))
    target.host.power_up()


def _fill_disk(target: Target) -> None:
    disk = spools.get_disk(target.host)
    target.wait_for_the_moment()
    disk.fill()
    try:
        time.sleep(target.random.uniform(1, 3))
    finally:
        disk.free()


def _cut_network(target: Target) -> None:
    target.wait_for_the_moment()
    target.host.leave_network()
    try:
        time.sleep(CUT_S)
    finally:
        target.host.join_network()


def _jump_clock(target: Target, direction: int) -> None:
    target.wait_for_the_moment()
    target.ahead_s = direction * target.random.randint(3600, 12 * 3600)
    set_clock(target.host, target.ahead_s)
    target.clocks_s.add(target.ahead_s)


FAULTS = (
    Fault("kill -9 of the agent", _kill_agent),
    Fault("kill -9 of the agent's whole unit", _kill_unit),
    Fault("systemctl restart myx-agent", _restart_agent),
    Fault("kill -9 of the supervisor", _kill_supervisors, COMPLETED | KILLED, COMPLETED | KILLED),
    Fault(
        "kill -9 of ansible-playbook",
        _kill_ansible_playbook,
        playbook=COMPLETED | {("failed", "nonzero_exit"), ("failed", "could_not_start")},
    ),
    Fault(
        "power cut of the host",
        _pull_the_plug,
        COMPLETED | {("lost", "interrupted")},
        COMPLETED | {("lost", "interrupted")},
        keeps_unsynced=False,
    ),
    Fault(
        "disk full, then freed",
        _fill_disk,
        COMPLETED | {("failed", "disk_full")},
        # Ansible may find out first, in a task that says so.
        COMPLETED | {("failed", "disk_full"), ("failed", "nonzero_exit")},
    ),
    Fault("clock jumps forwards by hours", partial(_jump_clock, direction=1)),
    Fault("clock jumps backwards by hours", partial(_jump_clock, direction=-1)),
    Fault(f"network cut for {CUT_S:g} s", _cut_network),
)
"""What one host suffers, while others run on."""
