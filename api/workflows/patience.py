# SPDX-License-Identifier: GPL-3.0-or-later
"""How long is an agent called that does not answer while something runs on its host?

A host that reboots its network, or an agent that restarts, must not cost an execution. So each
call is tried by the retry matrix, and again after a pause, until the agent was not heard of for
a bounded time.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from agent_runner.protocol.errors import InternalError
from api.agents.calls import Endpoint, Method, P, R
from api.agents.errors import AgentError
from api.agents.retry import RetryingCalls
from api.core.clock import Clock
from api.core.errors import MyxError
from api.workflows.errors import AgentLostError

PAUSE_S = 5.0
"""How long to wait between two rounds of retries."""

_log = structlog.get_logger(__name__)


class PatientAgent:
    """The agent of one host, for the time of one execution."""

    def __init__(
        self,
        calls: RetryingCalls,
        locate: Callable[[], Awaitable[Endpoint]],
        endpoint: Endpoint,
        clock: Clock,
        lost_after_s: float,
    ) -> None:
        self._calls = calls
        self._locate = locate
        self._endpoint = endpoint
        self._clock = clock
        self._lost_after_s = lost_after_s
        self._last_answer = clock.monotonic()

    async def try_call(
        self, method: Method[P, R], params: P, give_up: asyncio.Event | None = None
    ) -> R:
        """Call by the retry matrix only; raises as ``RetryingCalls.call``."""
        result = await self._calls.call(self._endpoint, method, params, give_up)
        self._last_answer = self._clock.monotonic()
        return result

    async def call(self, method: Method[P, R], params: P) -> R:
        """Call until the agent answers.

        Raises:
            RpcError: it answered with an error that stays.
            AgentLostError: it was not heard of for too long.
        """
        while True:
            try:
                return await self.try_call(method, params)
            except (AgentError, InternalError) as error:
                silent_s = self._clock.monotonic() - self._last_answer
                if silent_s >= self._lost_after_s:
                    raise AgentLostError(
                        f"The agent of {self._endpoint.host} did not answer for "
                        f"{silent_s:.0f} s: {error.message}"
                    ) from error
                _log.warning(
                    "agent_silent",
                    host=self._endpoint.host,
                    method=method.name,
                    cause=error.message,
                    silent_s=round(silent_s),
                )
            await self._clock.sleep(PAUSE_S)
            await self._relocate()

    async def _relocate(self) -> None:
        """Look whether the host has another address or certificate by now."""
        try:
            self._endpoint = await self._locate()
        except MyxError as error:
            _log.warning("agent_not_located", host=self._endpoint.host, cause=error.message)
