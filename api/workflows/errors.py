# SPDX-License-Identifier: GPL-3.0-or-later
"""What can end an execution from our side while its workflow runs?

``ExecutionEndedError``   carries the end; raised by whatever finds that it cannot go on
``ExecutionHeldError``    carries what it waits for; nothing has begun on its host
``NoPlaceError``          says which limit other replicas have used up; nothing has begun
``AgentLostError``        the agent was not heard of for too long
"""

from api.core.errors import MyxError
from api.executions.places import Refusal
from api.executions.service import End, Hold


class ExecutionEndedError(Exception):
    """The execution has come to an end that the agent did not report."""

    def __init__(self, end: End) -> None:
        self.end = end
        super().__init__(end.reason)


class ExecutionHeldError(Exception):
    """The execution cannot begin now, and must wait for its host."""

    def __init__(self, hold: Hold) -> None:
        self.hold = hold
        super().__init__(hold.reason)


class NoPlaceError(Exception):
    """Executions that other replicas carry out have taken the last place."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal)


class AgentLostError(MyxError):
    """The agent was not heard of for too long."""

    code = "agent_lost"
