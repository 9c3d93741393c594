# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is asked, the agent answers it and stays whole; over its real services."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpc_noise import make_body

from agent_runner.audit import AuditLog
from agent_runner.config import Config
from agent_runner.content import ContentStore
from agent_runner.credentials import Credentials
from agent_runner.executions import Executions
from agent_runner.files import Files
from agent_runner.protocol import methods as wire
from agent_runner.protocol.errors import ERRORS_BY_CODE, InternalError
from agent_runner.protocol.framing import split_frame
from agent_runner.rpc.dispatcher import Call, Dispatcher
from agent_runner.rpc.methods import Method, Services, build_methods
from agent_runner.status import HostFacts

REFUSE_ALL = '{"kinds": []}'
"""The policy of a host on which nothing may be started: the fuzz shall start no program."""

_ONE_AGENT = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=200,
    deadline=None,
)


@pytest.fixture
async def methods(config: Config, tmp_path: Path) -> AsyncIterator[dict[str, Method]]:
    """Return the methods over the services that an agent has."""
    policy = tmp_path / "policy.json"
    policy.touch(0o600)
    policy.write_text("{}")
    content = ContentStore(config.content_dir, config.limits)
    executions = Executions(
        state_dir=config.state_dir,
        policy_path=policy,
        resolve_bundle=content.path_of,
        trim_bundles=content.remove_unused,
        limits=config.limits,
    )
    path = tmp_path / "config.json"
    audit = AuditLog(config.state_dir / "audit.log")
    credentials, files = Credentials(path, config, audit), Files(policy, audit)
    facts = HostFacts(config.state_dir)
    services = Services(executions, content, files, credentials, facts, 1, {}, "no_key", None)
    async with AsyncExitStack() as stack:
        await content.open()
        stack.callback(content.close)
        stack.push_async_callback(files.close)
        await executions.open()
        stack.push_async_callback(executions.close)
        await _run_one(executions)
        policy.write_text(REFUSE_ALL)
        yield build_methods(services)


async def _run_one(executions: Executions) -> None:
    """Let there be an execution with a log, whose id the fuzz knows."""
    command = wire.ExecuteCommandParams(command="echo", args=["hello"], command_id="id-1")
    await executions.start_command(command)
    offset, is_final = 0, False
    while not is_final:
        read = wire.GetCommandLogParams(command_id="id-1", offset=offset, wait_s=50)
        piece = await executions.read_log(read)
        offset, is_final = piece.new_offset, piece.is_final


@_ONE_AGENT
@given(random=st.randoms(use_true_random=False))
async def test_no_request_is_a_fault(methods: dict[str, Method], random: Random) -> None:
    """Every method with mutated parameters is refused with a code of the contract, or done."""
    dispatcher = Dispatcher(methods)
    for _ in range(5):
        trailing = random.choice([None, None, b"", b"\0\n", b"x" * 70_000])
        reply = await _answer(dispatcher, make_body(random, methods), trailing)
        if reply is not None:
            _check(json.loads(split_frame(reply)[0]))


async def _answer(dispatcher: Dispatcher, body: bytes, trailing: bytes | None) -> bytes | None:
    call = dispatcher.accept(body, trailing)
    return await call.run() if isinstance(call, Call) else call


def _check(reply: dict[str, Any]) -> None:
    if "error" in reply:
        assert reply["error"]["code"] in ERRORS_BY_CODE
        assert reply["error"]["code"] != InternalError.code, reply


_HEADS = st.lists(
    st.sampled_from(
        [
            b"Content-Length: 0",
            b"Content-Length: 50",
            b"Content-Length: -1",
            b"Content-Length: 1e3",
            b"Content-Length: 99999999999999999999999",
            b"Transfer-Encoding: chunked",
            b"Transfer-Encoding: gzip, chunked",
            b"Connection: close",
            b"Connection: upgrade\r\nUpgrade: websocket",
            b"Upgrade: h2c",
            b"Expect: 100-continue",
            b"Host:",
            b"Host: a\r\nHost: b",
            b" folded: x",
            b"X\x00Y: z",
            b"X: " + b"y" * 5000,
            b"X-Agent-Token: wrong",
            b"\xff\xfe: \xff",
        ]
    ),
    max_size=6,
)
_BODIES = st.sampled_from(
    [b"", b"{}", b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"0\r\n\r\n", b"\0" * 90]
)
_LINES = st.sampled_from(
    [
        b"POST %s HTTP/1.1",
        b"POST %s HTTP/1.0",
        b"GET %s HTTP/1.1",
        b"CONNECT %s HTTP/1.1",
        b"POST //%s HTTP/1.1",
        b"POST %s HTTP/9.9",
        b"\xff %s HTTP/1.1",
        b"PRI * HTTP/2.0%.0s",
    ]
)
KNOWN_ANSWERS = {b"200", b"204", b"400", b"401", b"404", b"413", b"429", b"100"}


@settings(_ONE_AGENT, max_examples=100)
@given(line=_LINES, heads=_HEADS, body=_BODIES, has_token=st.booleans())
async def test_no_http_is_a_fault(
    agent: Any, line: bytes, heads: list[bytes], body: bytes, *, has_token: bool
) -> None:
    """Whatever the head says, the answer is one of those that are meant, or the connection ends."""
    token = f"X-Agent-Token: {agent.config.agent_token}".encode()
    head = [line % f"/{agent.config.rpc_path}/rpc".encode(), *heads, *[token] * has_token]
    reader, writer = await agent.connect()
    writer.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
    writer.write(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n" + b"\0" * 200)
    try:
        async with asyncio.timeout(0.2):
            answer = await reader.read()
    except (ConnectionError, TimeoutError):
        answer = b""
    writer.close()
    if answer:
        assert answer.split(b" ")[1] in KNOWN_ANSWERS, answer
    assert (await agent.result("health_check"))["status"] == "ok"
