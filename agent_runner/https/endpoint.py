# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a caller get over HTTP?

404 for anything but ``POST /{rpc_path}/rpc``, always the same answer; 401 for a wrong token and
429 for many of them; 413 for a body that is too large; 503 for a read that waits while the agent
stops. Everything else is 200 with a JSON-RPC reply, or 204 where a notification wants none.
"""

import asyncio
import hmac

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from agent_runner.auth import WINDOW_S, Gatekeeper, Verdict
from agent_runner.https.connections import TRUST_EXTENSION
from agent_runner.protocol.methods import MAX_REQUEST_BYTES, TOKEN_HEADER
from agent_runner.rpc.dispatcher import Call, Dispatcher


class RpcEndpoint:
    """The agent as an ASGI application."""

    def __init__(self, rpc_path: str, gatekeeper: Gatekeeper, dispatcher: Dispatcher) -> None:
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
            response = await self._respond(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if not self._is_known(request):
            return Response("Not Found", 404, media_type="text/plain")
        refusal = self._find_refusal(request)
        if refusal is not None:
            return refusal
        body = await _read_body(request)
        if body is None:
            return Response("Content Too Large", 413, media_type="text/plain")
        call = self._dispatcher.accept(body)
        if isinstance(call, Call):
            return await self._run(call, request)
        return _reply(call)

    def _is_known(self, request: Request) -> bool:
        path: str = request.scope["path"]
        is_path = hmac.compare_digest(path.encode(errors="surrogateescape"), self._path)
        return request.method == "POST" and is_path

    def _find_refusal(self, request: Request) -> Response | None:
        token = request.headers.get(TOKEN_HEADER, "").encode("latin-1")
        address = request.client.host if request.client else ""
        verdict = self._gatekeeper.judge(token, address)
        if verdict is Verdict.TRUSTED:
            request.scope["extensions"][TRUST_EXTENSION]["trust"]()
            return None
        if verdict is Verdict.DENIED:
            return Response("Unauthorized", 401, media_type="text/plain")
        headers = {"Retry-After": str(int(WINDOW_S))}
        return Response("Too Many Requests", 429, headers, media_type="text/plain")

    async def _run(self, call: Call, request: Request) -> Response:
        """Carry the call out; one that only waits to read ends with its caller and the agent."""
        if not call.can_wait:
            return _reply(await call.run())
        work = asyncio.ensure_future(call.run())
        enders = [
            asyncio.ensure_future(_wait_for_disconnect(request)),
            asyncio.ensure_future(self._stopping.wait()),
        ]
        try:
            await asyncio.wait([work, *enders], return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return _reply(work.result())
        finally:
            for task in (work, *enders):
                task.cancel()
        headers = {"Connection": "close", "Retry-After": "1"}
        return Response("The agent is stopping", 503, headers, media_type="text/plain")


async def _read_body(request: Request) -> bytes | None:
    """Return the body, or ``None`` as soon as it is known to be too large."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > MAX_REQUEST_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_REQUEST_BYTES:
            return None
    return bytes(body)


async def _wait_for_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _reply(body: bytes | None) -> Response:
    if body is None:
        return Response(status_code=204)
    return Response(body, media_type="application/json")
