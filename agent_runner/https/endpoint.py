# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a caller get over HTTP?

404 for anything but ``POST /{rpc_path}/rpc``, always the same answer; 401 for a wrong token and
429 for many of them; 413 for a body that is too large; 503 for a read that waits while the agent
stops. Everything else is 200 with a JSON-RPC reply, or 204 where a notification wants none.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable

from agent_runner.auth import WINDOW_S, Gatekeeper, Verdict
from agent_runner.https.asgi import (
    Answer,
    CallerGoneError,
    Receive,
    Scope,
    Send,
    find_header,
    read_body,
    wait_for_disconnect,
)
from agent_runner.https.connections import CONNECTION
from agent_runner.protocol.framing import FRAMED_TYPE, split_frame
from agent_runner.protocol.methods import MAX_REQUEST_BYTES, TOKEN_HEADER
from agent_runner.rpc.dispatcher import Call, Dispatcher
from agent_runner.tracing import HEADER as TRACE_HEADER
from agent_runner.tracing import note_trace

ANSWER_TIMEOUT_S = 60.0
"""How long a caller may leave earlier answers unread while the next one waits to be sent."""

NOT_FOUND = Answer(404, b"Not Found")
UNAUTHORIZED = Answer(401, b"Unauthorized")
THROTTLED = Answer(
    429, b"Too Many Requests", headers=((b"retry-after", str(int(WINDOW_S)).encode()),)
)
TOO_LARGE = Answer(413, b"Content Too Large")
STOPPING = Answer(
    503, b"The agent is stopping", headers=((b"connection", b"close"), (b"retry-after", b"1"))
)
DONE = Answer(204)


class RpcEndpoint:
    """The agent as an ASGI application."""

    def __init__(
        self,
        rpc_path: str,
        gatekeeper: Gatekeeper,
        dispatcher: Dispatcher,
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        """Take what writes down, before the answer, what a right token has settled."""
        self._settle = settle
        self._path = f"/{rpc_path}/rpc".encode()
        self._gatekeeper = gatekeeper
        self._dispatcher = dispatcher
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Give up every read that waits."""
        self._stopping.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = self._find_refusal(scope)
            if answer is None:
                await self._settle()
                answer = await self._answer(scope, receive)
        except CallerGoneError:
            return
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await answer.send(send)
        except TimeoutError:
            scope["extensions"][CONNECTION]["abort"]()

    def _find_refusal(self, scope: Scope) -> Answer | None:
        path = scope["path"].encode(errors="surrogateescape")
        is_path = hmac.compare_digest(path, self._path)
        if not (is_path and scope["method"] == "POST"):
            return NOT_FOUND
        address = scope["client"][0] if scope["client"] else ""
        verdict = self._gatekeeper.judge(find_header(scope, TOKEN_HEADER), address)
        if verdict is not Verdict.TRUSTED:
            return UNAUTHORIZED if verdict is Verdict.DENIED else THROTTLED
        scope["extensions"][CONNECTION]["trust"]()
        return None

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        body = await read_body(scope, receive, MAX_REQUEST_BYTES)
        if body is None:
            return TOO_LARGE
        note_trace(find_header(scope, TRACE_HEADER))
        media_type = find_header(scope, "content-type")
        if media_type == FRAMED_TYPE.encode():
            call = self._dispatcher.accept(*split_frame(body))
        else:
            call, media_type = self._dispatcher.accept(body), b"application/json"
        if not isinstance(call, Call):
            return _wrap(call, media_type)
        if not call.can_wait:
            return _wrap(await call.run(), media_type)
        return await self._run_waiting(call, receive, media_type)

    async def _run_waiting(self, call: Call, receive: Receive, media_type: bytes) -> Answer:
        """Carry a read out, unless its caller hangs up or the agent stops while it waits."""
        work = asyncio.ensure_future(call.run())
        ends = [
            asyncio.ensure_future(wait_for_disconnect(receive)),
            asyncio.ensure_future(self._stopping.wait()),
        ]
        try:
            await asyncio.wait([work, *ends], return_when=asyncio.FIRST_COMPLETED)
            return _wrap(work.result(), media_type) if work.done() else STOPPING
        finally:
            for task in (work, *ends):
                task.cancel()


def _wrap(reply: bytes | None, media_type: bytes) -> Answer:
    return DONE if reply is None else Answer(200, reply, media_type)
