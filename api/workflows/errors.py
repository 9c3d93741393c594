# SPDX-License-Identifier: GPL-3.0-or-later
"""What can end an execution from our side while its workflow runs?

``ExecutionEndedError``   carries the end; raised by whatever finds that it cannot go on
``AgentLostError``        the agent was not heard of for too long
"""

from api.core.errors import MyxError
from api.executions.service import End


class ExecutionEndedError(Exception):
    """The execution has come to an end that the agent did not report."""

    def __init__(self, end: End) -> None:
        self.end = end
        super().__init__(end.reason)


class AgentLostError(MyxError):
    """The agent was not heard of for too long."""

    code = "agent_lost"
