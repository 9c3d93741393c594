# SPDX-License-Identifier: GPL-3.0-or-later
"""What if a caller knows an agent by a token that was replaced? In front of any ``AgentCalls``.

Whoever follows a log for hours holds the endpoint of the beginning. Where its token is refused,
those that the database has by now are tried, the next one of an unfinished rotation included;
which one is right is remembered, and a next one becomes the current one.
"""

from collections import OrderedDict

import structlog

from agent_runner.protocol.methods import NoParams
from api.agents.calls import HEALTH_CHECK, AgentCalls, Endpoint, Method, P, R
from api.agents.errors import AgentAuthError
from api.core.errors import MyxError
from api.hosts.rotation.work import OpenRotationWork

MAX_REMEMBERED = 10_000
"""How many replaced endpoints are remembered; the oldest is forgotten first."""

_log = structlog.get_logger(__name__)


class CurrentCalls:
    """Calls agents with the credentials of now; one for the whole process."""

    def __init__(self, open_work: OpenRotationWork, calls: AgentCalls) -> None:
        self._open_work = open_work
        self._calls = calls
        self._replaced: OrderedDict[Endpoint, Endpoint] = OrderedDict()

    async def call(self, endpoint: Endpoint, method: Method[P, R], params: P) -> R:
        """Call a method of an agent; raises as ``AgentCalls.call``."""
        known = self._replaced.get(endpoint, endpoint)
        try:
            return await self._calls.call(known, method, params)
        except AgentAuthError:
            current = await self._find_current(known)
            if current is None:
                raise
        self._replaced[endpoint] = current
        self._replaced.move_to_end(endpoint)
        if len(self._replaced) > MAX_REMEMBERED:
            self._replaced.popitem(last=False)
        return await self._calls.call(current, method, params)

    async def _find_current(self, refused: Endpoint) -> Endpoint | None:
        """Return how the agent is called by now, or None where nothing else is known."""
        if refused.host_id is None:
            return None
        async with self._open_work(read_only=True) as work:
            ways = await work.host_rotation.list_endpoints(refused.host_id)
        for way in ways:
            if way != refused and await self._is_right(way):
                await self._settle(refused.host_id, way)
                return way
        return None

    async def _is_right(self, endpoint: Endpoint) -> bool:
        try:
            await self._calls.call(endpoint, HEALTH_CHECK, NoParams())
        except AgentAuthError:
            return False
        return True

    async def _settle(self, host_id: int, endpoint: Endpoint) -> None:
        try:
            async with self._open_work() as work:
                await work.host_rotation.settle(host_id, endpoint.agent_token)
        except MyxError as error:  # the call goes on; who rotates next settles it
            _log.warning("rotation_not_settled", host=endpoint.host, cause=error.message)
