# SPDX-License-Identifier: GPL-3.0-or-later
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_runner.protocol import errors
from agent_runner.protocol import methods as wire
from agent_runner.rpc.dispatcher import Call, Dispatcher
from agent_runner.rpc.methods import Method


async def _start(params: wire.ExecuteCommandParams) -> wire.StartResult:
    if params.command == "forbidden":
        raise errors.PolicyRefusedError(data={"rule": "7"})
    if params.command == "broken":
        raise OSError(5, "Input/output error", params.secrets[0])
    return wire.StartResult(status="running", command_id=params.command_id, created=True)


async def _read(params: wire.GetCommandLogParams) -> wire.GetCommandLogResult:
    raise RuntimeError(f"fault in {params.command_id}")


@pytest.fixture
def dispatcher() -> Dispatcher:
    """Return a dispatcher of two methods."""
    methods = [
        Method("start", wire.ExecuteCommandParams, _start, wire.StartResult),
        Method("read", wire.GetCommandLogParams, _read, wire.GetCommandLogResult),
    ]
    return Dispatcher({method.name: method for method in methods})


async def _answer(dispatcher: Dispatcher, request: Any) -> Any:
    call = dispatcher.accept(json.dumps(request).encode())
    reply = await call.run() if isinstance(call, Call) else call
    return None if reply is None else json.loads(reply)


def _request(method: str, request_id: Any = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


@pytest.mark.parametrize("request_id", [0, 7, -1, "a", "", None])
async def test_reply_carries_the_id(dispatcher: Dispatcher, request_id: Any) -> None:
    """The id comes back as it was, ``null`` included."""
    reply = await _answer(dispatcher, _request("start", request_id, command="x", command_id="i"))
    assert reply == {
        "jsonrpc": "2.0",
        "result": {"status": "running", "command_id": "i", "created": True},
        "id": request_id,
    }


async def test_errors_have_code_and_data(dispatcher: Dispatcher) -> None:
    """An error without words of its own has those of its class."""
    reply = await _answer(dispatcher, _request("start", command="forbidden", command_id="i"))
    assert reply["error"] == {
        "code": errors.PolicyRefusedError.code,
        "message": "The policy of this host forbids it.",
        "data": {"rule": "7"},
    }


async def test_faults_are_numbered(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault is answered by a number, under which the log tells it with its stack."""
    reply = await _answer(dispatcher, _request("read", command_id="i"))
    assert reply["error"]["code"] == errors.InternalError.code
    (record,) = caplog.records
    logged = record.__dict__
    assert logged["incident"] == reply["error"]["data"]["incident"]
    assert (logged["method"], logged["error"]) == ("read", "RuntimeError")
    assert logged["detail"] == "fault in i"
    assert "_read" in logged["stack"]


async def test_faults_do_not_quote_secrets(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """Where parameters carry secrets, a fault is told without the words that could hold them."""
    secret = "hunter2"
    request = _request("start", command="broken", command_id="i", secrets=[secret])
    reply = await _answer(dispatcher, request)
    logged = caplog.records[0].__dict__
    assert logged["detail"] == "Input/output error"
    assert secret not in json.dumps(reply) + str(logged)


async def test_notifications_are_not_answered(dispatcher: Dispatcher) -> None:
    """A request without id gets no reply, whatever becomes of it."""
    for request in (
        _request("start", command="x", command_id="i"),
        _request("start", command="forbidden", command_id="i"),
        _request("start"),
        _request("unknown"),
    ):
        del request["id"]
        assert await _answer(dispatcher, request) is None


async def test_unknown_method_is_told_the_known_ones(dispatcher: Dispatcher) -> None:
    """A misspelt method is answered with those there are."""
    reply = await _answer(dispatcher, _request("strat"))
    assert reply["error"]["message"] == "There is no method 'strat'; there are read, start"


async def test_only_reads_can_be_given_up(dispatcher: Dispatcher) -> None:
    """A call that may wait is known as such; one that starts something is not."""
    for request, can_wait in (
        (_request("read", command_id="i", wait_s=5), True),
        (_request("start", command="x", command_id="i"), False),
    ):
        call = dispatcher.accept(json.dumps(request).encode())
        assert isinstance(call, Call)
        assert call.can_wait is can_wait


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"command_id": "i"}, ["missing", "`command`"]),
        ({"command": "x", "command_id": "i", "timout": 5}, ["`timout`", "timeout?"]),
        ({"command": "x", "command_id": "i", "timeout": "5"}, ["$.timeout", "`float"]),
        ({"command": "x", "command_id": "i", "timeout": 0}, ["$.timeout", "> 0"]),
        ({"command": "x", "command_id": "../i"}, ["$.command_id"]),
        ({"command": "x", "command_id": "i", "args": ["a", None]}, ["$.args[1]"]),
    ],
)
async def test_wrong_parameters_are_named(
    dispatcher: Dispatcher, params: dict[str, Any], words: list[str]
) -> None:
    """The message names the method, the parameter and what the method takes."""
    error = (await _answer(dispatcher, _request("start", **params)))["error"]
    assert error["code"] == errors.InvalidParamsError.code
    assert error["data"] == {"method": "start", "required": ["command", "command_id"]}
    for word in ["start: ", *words, "it takes an object with command, command_id, args?"]:
        assert word in error["message"]


@given(body=st.binary())
def test_no_bytes_break_it(body: bytes) -> None:
    """Any bytes are answered with a JSON-RPC error."""
    reply = Dispatcher({}).accept(body)
    assert isinstance(reply, bytes)
    assert json.loads(reply)["error"]["code"] in {-32700, -32600}
