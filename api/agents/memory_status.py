# SPDX-License-Identifier: GPL-3.0-or-later
"""What does an agent in memory say of the machine that it does not have?"""

from agent_runner import __version__
from agent_runner.protocol import methods as wire
from agent_runner.protocol.reasons import ReasonCode

STATUS = wire.GetStatusResult(
    version=__version__,
    protocol_version=wire.PROTOCOL_VERSION,
    uptime_s=1.0,
    hostname="memory",
    os="Debian GNU/Linux 12 (bookworm)",
    kernel="6.1.0",
    architecture="x86_64",
    python_version="3.11.2",
    ansible_core_version="2.19.0",
    load=wire.Load(0.0, 1, 2**30, 2**29, 2**33, 2**32),
    limits={},
    running=[],
)


REASON_CODES: dict[wire.State, ReasonCode] = {
    "successful": "completed",
    "failed": "nonzero_exit",
    "canceled": "canceled",
    "timed_out": "timed_out",
    "lost": "supervisor_died",
}
"""Why an execution of it ends so."""


def beat(running: list[str]) -> wire.HeartbeatResult:
    """Answer a heartbeat."""
    return wire.HeartbeatResult(
        status="ok", version=STATUS.version, running=running, load=STATUS.load
    )
