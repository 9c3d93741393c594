# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import json
import socket
import ssl
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_runner import __version__
from agent_runner.auth import MAX_FAILURES
from agent_runner.protocol import errors
from agent_runner.protocol import methods as wire

COMMAND = {"command": "true", "command_id": "id-1"}
RAW_REPLY_LIMIT = 65536


async def test_health_check_tells_versions(agent: Any) -> None:
    """health_check answers the versions of agent and protocol."""
    assert await agent.result("health_check") == {
        "status": "ok",
        "version": __version__,
        "protocol_version": wire.PROTOCOL_VERSION,
    }


async def test_heartbeat_tells_load_and_what_runs(agent: Any) -> None:
    """Heartbeat answers the ids of running executions and the host's load."""
    await agent.result("execute_command", **COMMAND)
    beat = await agent.result("heartbeat")
    assert beat["running"] == ["id-1"]
    assert 0 < beat["load"]["memory_available_bytes"] <= beat["load"]["memory_total_bytes"]
    assert 0 < beat["load"]["disk_free_bytes"] <= beat["load"]["disk_total_bytes"]


async def test_status_describes_the_host(agent: Any) -> None:
    """get_status answers in the form that the control plane decodes, with the limits."""
    status = await agent.result("get_status")
    assert status["limits"]["max_concurrent"] == 100
    assert status["ansible_core_version"].startswith("2.")
    assert status["hostname"]
    assert status["uptime_s"] >= 0


async def test_port_is_the_one_that_answers(agent: Any) -> None:
    """get_port answers the port that the request came in on."""
    assert await agent.result("get_port") == {"rpc_port": agent.server.port}


@pytest.mark.parametrize(
    ("method", "params", "answer"),
    [
        ("execute_command", COMMAND, {"status": "running", "command_id": "id-1", "created": True}),
        ("get_events", {"command_id": "id-1"}, {"events": [], "last": 0, "is_final": False}),
        ("cancel_command", {"command_id": "id-1"}, {"command_id": "id-1", "status": "running"}),
        ("acknowledge_command", {"command_id": "id-1"}, {"command_id": "id-1"}),
        ("list_commands", {}, {"commands": []}),
    ],
)
async def test_methods_reach_the_executions(
    agent: Any, method: str, params: dict[str, Any], answer: dict[str, Any]
) -> None:
    """Each method about executions is answered by them."""
    assert await agent.result(method, **params) == answer


async def test_wrong_token_is_401(agent: Any) -> None:
    """A wrong or missing token is answered 401 and nothing is carried out."""
    for headers in ({wire.TOKEN_HEADER: "wrong"}, {}, {wire.TOKEN_HEADER: "\xff"}):
        request = {"jsonrpc": "2.0", "id": 1, "method": "execute_command", "params": COMMAND}
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        assert (await agent.post(request, headers=raw)).status_code == 401
    assert agent.executions.started == []


async def test_guessing_is_429_and_never_locks_out_the_token(agent: Any) -> None:
    """Many wrong tokens of an address get 429; the right one from there is served all the same."""
    wrong = {wire.TOKEN_HEADER: "wrong"}
    answers = [
        (await agent.post(b"{}", headers=wrong)).status_code for _ in range(MAX_FAILURES + 3)
    ]
    assert answers == [401] * MAX_FAILURES + [429] * 3
    assert (await agent.post(b"{}", headers=wrong)).headers["retry-after"] == "60"
    assert (await agent.result("health_check"))["status"] == "ok"


async def test_everything_unknown_looks_the_same(agent: Any) -> None:
    """Unknown paths, and the right path with a wrong method, get the same bytes."""
    base = f"https://127.0.0.1:{agent.server.port}"
    probes = [
        ("POST", f"{base}/wrongpath0123456/rpc"),
        ("POST", f"{base}/"),
        ("GET", f"{base}/docs"),
        ("GET", agent.url),
        ("PUT", agent.url),
        ("DELETE", agent.url),
        ("OPTIONS", agent.url),
        ("POST", f"{agent.url}/"),
        ("POST", agent.url.replace("/rpc", "")),
        ("POST", agent.url.upper().replace("HTTPS", "https")),
    ]
    answers = []
    for method, url in probes:
        response = await agent.client.request(method, url, headers=agent.headers)
        answers.append((response.status_code, response.headers.raw, response.content))
    assert answers[0][0] == 404
    assert all(answer == answers[0] for answer in answers)


async def test_answers_do_not_name_the_program(agent: Any) -> None:
    """No header tells what serves here."""
    response = await agent.client.get(f"https://127.0.0.1:{agent.server.port}/")
    assert set(response.headers) == {"content-length", "content-type"}


async def test_large_bodies_are_413(agent: Any) -> None:
    """A body above the limit is refused, announced or not."""
    body = b" " * (wire.MAX_REQUEST_BYTES + 1)

    async def unannounced() -> Any:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    assert (await agent.post(body)).status_code == 413
    chunked = await agent.client.post(agent.url, content=unannounced(), headers=agent.headers)
    assert chunked.status_code == 413
    assert (await agent.result("health_check"))["status"] == "ok"


async def test_body_at_the_limit_is_read(agent: Any) -> None:
    """A body of exactly the limit is taken."""
    request = b'{"jsonrpc":"2.0","id":1,"method":"health_check"}'
    response = await agent.post(request + b" " * (wire.MAX_REQUEST_BYTES - len(request)))
    assert response.json()["result"]["status"] == "ok"


_HEALTH = '{"jsonrpc":"2.0","method":"health_check","id":1'
_BAD_REQUESTS = {
    errors.ParseError: [
        "",
        "{",
        '{"jsonrpc":"2.0","method":"\xff","id":1}',
        _HEALTH + ',"params":' + "[" * 50_000 + "]" * 50_000 + "}",
    ],
    errors.InvalidRequestError: [
        "1",
        "[]",
        f"[{_HEALTH}}}]",
        f'{_HEALTH},"parms":{{}}}}',
        '{"jsonrpc":"1.0","method":"health_check","id":1}',
        '{"jsonrpc":"2.0","method":"health_check","id":{}}',
    ],
    errors.MethodNotFoundError: ['{"jsonrpc":"2.0","method":"reboot","id":1}'],
    errors.InvalidParamsError: [
        f'{_HEALTH},"params":[]}}',
        '{"jsonrpc":"2.0","method":"get_events","id":1}',
    ],
}


@pytest.mark.parametrize(
    ("body", "error"), [(body, error) for error, bodies in _BAD_REQUESTS.items() for body in bodies]
)
async def test_bad_requests_are_json_rpc_errors(
    agent: Any, body: str, error: type[errors.RpcError]
) -> None:
    """What is wrong with a request is told by JSON-RPC's code in a 200."""
    response = await agent.post(body.encode("latin-1"))
    assert response.status_code == 200
    assert response.json()["error"]["code"] == error.code


async def test_misspelt_parameter_is_named(agent: Any) -> None:
    """An unknown parameter is refused by name, with the ones there are; nothing starts."""
    reply = await agent.call("execute_command", timout=5, **COMMAND)
    assert reply["error"]["code"] == errors.InvalidParamsError.code
    assert "timout" in reply["error"]["message"]
    assert "timeout?" in reply["error"]["message"]
    assert agent.executions.started == []


async def test_wrong_type_is_named_with_its_path(agent: Any) -> None:
    """A parameter of the wrong type is refused with its path."""
    reply = await agent.call("execute_command", command="x", command_id="id-1", args=["a", 1])
    assert "$.args" in reply["error"]["message"]


async def test_errors_keep_code_and_data(agent: Any) -> None:
    """An error of a method arrives with its code, message and data."""
    agent.executions.fault = errors.BusyError("max_concurrent is reached", {"limit": 100})
    reply = await agent.call("execute_command", **COMMAND)
    assert reply["error"] == {
        "code": errors.BusyError.code,
        "message": "max_concurrent is reached",
        "data": {"limit": 100},
    }


async def test_faults_leak_nothing(agent: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A fault of the agent is told by a number only; its log has the stack, and no secret."""
    agent.executions.fault = KeyError("hunter2")
    reply = await agent.call("execute_command", secrets=["hunter2"], **COMMAND)
    assert reply["error"]["code"] == errors.InternalError.code
    incident = reply["error"]["data"]["incident"]
    record = next(record for record in caplog.records if record.msg == "rpc_fault")
    assert record.__dict__["incident"] == incident
    assert "start_command" in record.__dict__["stack"]
    assert "hunter2" not in json.dumps(reply) + str(record.__dict__)


async def test_notifications_are_carried_out_and_not_answered(agent: Any) -> None:
    """A request without id is done and answered 204, also when it fails."""
    request = {"jsonrpc": "2.0", "method": "execute_command", "params": COMMAND}
    for body in (request, {"jsonrpc": "2.0", "method": "unknown"}):
        response = await agent.post(body)
        assert (response.status_code, response.content) == (204, b"")
    assert len(agent.executions.started) == 1


_ONE_AGENT = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
_METHODS = ["health_check", "get_status", "execute_command", "execute_ansible", "put_bundle"]
_METHODS += ["get_command_log", "get_events", "cancel_command", "acknowledge_command"]
_NAMES = ["command", "command_id", "args", "timeout", "digest", "size", "offset", "data", "limit"]


@_ONE_AGENT
@given(body=st.binary() | st.text().map(str.encode) | _JSON.map(json.dumps).map(str.encode))
async def test_garbage_is_answered_with_a_reason(agent: Any, body: bytes) -> None:
    """No body whatsoever is answered 500, and none is taken for a request."""
    response = await agent.post(body)
    assert response.status_code == 200
    assert response.json()["error"]["code"] in {-32700, -32600}


@_ONE_AGENT
@given(
    method=st.sampled_from(_METHODS),
    params=st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=5), _JSON) | _JSON,
)
async def test_garbage_parameters_are_no_fault(agent: Any, method: str, params: Any) -> None:
    """Whatever the parameters are, they are refused as such or taken."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    response = await agent.post(json.dumps(request).encode())
    assert response.status_code == 200
    assert response.json().get("error", {}).get("code") != errors.InternalError.code


@_ONE_AGENT
@given(noise=st.binary(min_size=1, max_size=200))
async def test_bytes_that_are_no_http_harm_nobody(agent: Any, noise: bytes) -> None:
    """Whatever comes over TLS, other callers are served."""
    _, writer = await agent.connect()
    writer.write(noise)
    await writer.drain()
    writer.close()
    assert (await agent.result("health_check"))["status"] == "ok"


async def test_tls_speaks_1_2_and_resumes_1_3(agent: Any) -> None:
    """TLS 1.2 is spoken too, and a second connection of 1.3 resumes the first."""
    old = ssl.create_default_context(cafile=str(agent.config.ssl_dir / "agent.crt"))
    old.check_hostname = False
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with httpx.AsyncClient(verify=old) as client:
        assert (await client.get(f"https://127.0.0.1:{agent.server.port}/")).status_code == 404
    assert await asyncio.to_thread(_resumes, agent)


def _resumes(agent: Any) -> bool:
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    session = None
    for _ in range(2):
        with (
            socket.create_connection(("127.0.0.1", agent.server.port)) as plain,
            agent.tls.wrap_socket(plain, session=session) as connection,
        ):
            assert connection.version() == "TLSv1.3"
            connection.sendall(request)
            connection.recv(RAW_REPLY_LIMIT)
            session, reused = connection.session, connection.session_reused
    return bool(reused)
