# SPDX-License-Identifier: GPL-3.0-or-later
"""Which states and reasons has an execution? The agent's own, and those only we can know."""

from typing import Literal, get_args

from agent_runner.protocol.methods import END_STATES, State
from agent_runner.protocol.reasons import ReasonCode as AgentReasonCode

OwnReasonCode = Literal[
    "unreachable",  # the agent could not be reached before anything started
    "agent_lost",  # the agent was not heard of for too long, or has forgotten the execution
    "not_installed",  # the host has no agent
    "auth_failed",  # wrong token, path or certificate
    "bundle_rejected",  # the host refuses the content bundle
    "agent_refused",  # the agent refuses the start; the reason says which rule
    "offline",  # waited for its host until the time to live was over
    "busy",  # waited for its agent, which was at a limit of its own, likewise
    "maintenance",  # its host was in maintenance: left out, or waited for likewise
    "budget_exceeded",  # too many hosts of the run had failed before its turn came
    "install_failed",  # installing or uninstalling the agent failed
    "internal_error",  # a fault of the control plane; its log says more
    "reported",  # it ran elsewhere, and ended as its reporter said
    "reporter_lost",  # it ran elsewhere, and its reporter was not heard of for too long
]
"""How an execution can end without the agent having said so."""

ReasonCode = AgentReasonCode | OwnReasonCode

CONTROL_NODE = "control node"
"""The name of the execution that is no host's, in a run that was started elsewhere: it has the
whole log, and the events that are about no host. No host of ours has a name with a space."""

WaitCode = Literal["offline", "busy", "maintenance"]
"""What a pending execution can wait for on its host."""

UNFINISHED_STATES: frozenset[State] = frozenset(get_args(State)) - END_STATES
"""Everything that still can change."""

__all__ = [
    "CONTROL_NODE",
    "END_STATES",
    "UNFINISHED_STATES",
    "OwnReasonCode",
    "ReasonCode",
    "State",
    "WaitCode",
]
