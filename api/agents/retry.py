# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failed calls are tried again, and when? The retry matrix, in front of any ``AgentCalls``.

Tried again after 1, 2 and 4 seconds: no connection, a timeout, a failed handshake, an answer 5xx.
Never: 401, 404, other 4xx, another certificate, and whatever the agent itself answered, because
asking again would be answered alike. Every method of the agent may be repeated without harm.
"""

import asyncio

import structlog

from api.agents.calls import AgentCalls, Endpoint, Method, P, R
from api.agents.errors import AgentError
from api.core.clock import Clock

RETRY_WAITS_S = (1.0, 2.0, 4.0)
"""How long to wait before each retry."""

_log = structlog.get_logger(__name__)


class RetryingCalls:
    """Calls agents, and calls again where the failure may pass by itself."""

    def __init__(self, calls: AgentCalls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    async def call(
        self,
        endpoint: Endpoint,
        method: Method[P, R],
        params: P,
        give_up: asyncio.Event | None = None,
    ) -> R:
        """Call a method; raises as ``AgentCalls.call`` when the last retry has failed.

        The error's ``maybe_delivered`` then speaks for all the attempts. Once ``give_up`` is set
        there are no more of them.
        """
        maybe_delivered = False
        for number, wait_s in enumerate((*RETRY_WAITS_S, None), start=1):
            try:
                return await self._calls.call(endpoint, method, params)
            except AgentError as error:
                maybe_delivered |= error.maybe_delivered
                if wait_s is None or not error.retryable or (give_up and give_up.is_set()):
                    error.maybe_delivered = maybe_delivered
                    raise
                _log.warning(
                    "agent_call_retried",
                    host=endpoint.host,
                    method=method.name,
                    retry=number,
                    cause=error.message,
                    wait_s=wait_s,
                )
            await sleep_unless(self._clock, wait_s, give_up)
        raise AssertionError("the last attempt returns or raises")


async def sleep_unless(clock: Clock, delay_s: float, interrupt: asyncio.Event | None) -> None:
    """Sleep until the delay is over or somebody interrupts."""
    if interrupt is None:
        await clock.sleep(delay_s)
        return
    sleeping = asyncio.ensure_future(clock.sleep(delay_s))
    interrupted = asyncio.ensure_future(interrupt.wait())
    try:
        await asyncio.wait({sleeping, interrupted}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        sleeping.cancel()
        interrupted.cancel()
