# SPDX-License-Identifier: GPL-3.0-or-later
"""How long do agents take to answer, and what fails? In front of any ``AgentCalls``."""

from agent_runner.protocol.errors import RpcError
from agent_runner.protocol.methods import GetCommandLogResult
from api.agents.calls import AgentCalls, Endpoint, Method, P, R
from api.agents.errors import AgentError
from api.core.clock import Clock
from api.core.tracing.spans import span
from api.metrics.figures import Figures
from api.metrics.log_lag import LogLag


class MeasuredCalls:
    """Calls agents, and counts; one for the whole process."""

    def __init__(self, calls: AgentCalls, figures: Figures, log_lag: LogLag, clock: Clock) -> None:
        self._calls = calls
        self._figures = figures
        self._log_lag = log_lag
        self._clock = clock

    async def call(self, endpoint: Endpoint, method: Method[P, R], params: P) -> R:
        """Call a method of an agent; raises as ``AgentCalls.call``."""
        started = self._clock.monotonic()
        try:
            with span(f"agent {method.name}", "client", host=endpoint.host):
                result = await self._calls.call(endpoint, method, params)
        except AgentError as error:
            self._figures.note_call_error(method.name, error.code)
            raise
        except RpcError as error:
            self._figures.note_call_error(method.name, str(error.code))
            raise
        self._figures.note_call(method.name, self._clock.monotonic() - started)
        if isinstance(result, GetCommandLogResult):
            behind_bytes = max(0, result.size - result.new_offset)
            self._figures.note_behind(behind_bytes)
            self._log_lag.note(behind_bytes, self._clock.monotonic())
        return result
