# SPDX-License-Identifier: GPL-3.0-or-later

import base64
import dataclasses
import hashlib
import uuid
from typing import Any, Protocol

import pytest

from agent_runner.protocol import errors as rpc
from agent_runner.protocol import methods as wire
from agent_runner.protocol.credentials import RotateCredentialsParams
from agent_runner.protocol.pieces import decode_piece
from api.agents import calls, errors
from api.agents.calls import AgentCalls, Endpoint


class Execute(Protocol):
    """Starts a command."""

    async def __call__(
        self, command: str, *args: str, command_id: str | None = None
    ) -> wire.StartResult:
        """Start it, under a new id unless one is given."""
        ...


@pytest.fixture
def agents(fleet: tuple[AgentCalls, Endpoint]) -> AgentCalls:
    """Return how to call agents."""
    return fleet[0]


@pytest.fixture
def endpoint(fleet: tuple[AgentCalls, Endpoint]) -> Endpoint:
    """Return where the agent is."""
    return fleet[1]


@pytest.fixture
def execute(agents: AgentCalls, endpoint: Endpoint) -> Execute:
    """Return a function that starts a command and returns its id."""

    async def start(command: str, *args: str, command_id: str | None = None) -> wire.StartResult:
        params = wire.ExecuteCommandParams(
            command=command, args=list(args), command_id=command_id or str(uuid.uuid4())
        )
        return await agents.call(endpoint, calls.EXECUTE_COMMAND, params)

    return start


async def read_to_the_end(
    agents: AgentCalls, endpoint: Endpoint, command_id: str | None
) -> tuple[bytes, wire.ExecutionResult]:
    """Read the log with its offsets until the final piece."""
    data, offset = b"", 0
    while True:
        params = wire.GetCommandLogParams(command_id=command_id, offset=offset, wait_s=20)
        piece = await agents.call(endpoint, calls.GET_COMMAND_LOG, params)
        assert piece.offset == offset
        data += decode_piece(piece.log_data, piece.encoding)
        offset = piece.new_offset
        assert offset == len(data)
        if piece.is_final:
            return data, piece.result


async def test_health_is_answered(agents: AgentCalls, endpoint: Endpoint) -> None:
    """An agent says that it is there and which protocol it speaks."""
    health = await agents.call(endpoint, calls.HEALTH_CHECK, wire.NoParams())

    assert (health.status, health.protocol_version) == ("ok", wire.PROTOCOL_VERSION)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"agent_token": "another-token-than-the-right-one"}, errors.AgentAuthError),
        ({"rpc_path": "anotherpathaltogether"}, errors.AgentPathError),
        ({"cert_fingerprint": "00" * 32}, errors.CertificateMismatchError),
        ({"rpc_port": 1}, errors.AgentUnreachableError),
    ],
)
async def test_who_is_not_the_right_agent_is_told_apart(
    agents: AgentCalls, endpoint: Endpoint, change: dict[str, Any], error: type[Exception]
) -> None:
    """Another token, path or certificate, and nobody there, are different errors."""
    wrong = dataclasses.replace(endpoint, **change)

    with pytest.raises(error) as caught:
        await agents.call(wrong, calls.HEALTH_CHECK, wire.NoParams())

    assert not caught.value.maybe_delivered


async def test_a_log_is_read_to_its_end(
    agents: AgentCalls, endpoint: Endpoint, execute: Execute
) -> None:
    """A command starts at once; its log is read by offset until the final piece has the result."""
    started = await execute("echo", "hello", "world")

    data, result = await read_to_the_end(agents, endpoint, started.command_id)

    assert started.created
    assert data == b"hello world\n"
    assert (result.state, result.return_code, result.reason_code) == ("successful", 0, "completed")


async def test_an_offset_behind_the_end_is_refused(
    agents: AgentCalls, endpoint: Endpoint, execute: Execute
) -> None:
    """Who asks from behind the end of a log is told how long it is."""
    started = await execute("echo", "hello")
    await read_to_the_end(agents, endpoint, started.command_id)
    params = wire.GetCommandLogParams(command_id=started.command_id, offset=100)

    with pytest.raises(rpc.InvalidParamsError) as caught:
        await agents.call(endpoint, calls.GET_COMMAND_LOG, params)

    assert caught.value.data == {"size": len("hello\n")}


async def test_a_command_that_fails_says_so(
    agents: AgentCalls, endpoint: Endpoint, execute: Execute
) -> None:
    """An exit code other than 0 is a failure with that code."""
    started = await execute("false")

    _, result = await read_to_the_end(agents, endpoint, started.command_id)

    assert (result.state, result.return_code, result.reason_code) == ("failed", 1, "nonzero_exit")


async def test_the_same_id_starts_nothing_twice(
    agents: AgentCalls, endpoint: Endpoint, execute: Execute
) -> None:
    """A repeated start answers the state of the first one, also after its end."""
    first = await execute("echo", "once")
    await read_to_the_end(agents, endpoint, first.command_id)

    again = await execute("echo", "twice", command_id=first.command_id)
    data, _ = await read_to_the_end(agents, endpoint, first.command_id)

    assert (again.created, again.status) == (False, "successful")
    assert data == b"once\n"


async def test_an_unknown_id_is_an_error_of_its_own(agents: AgentCalls, endpoint: Endpoint) -> None:
    """Reading, cancelling and acknowledging what is not there is UnknownExecutionError."""
    for method, params in [
        (calls.GET_COMMAND_LOG, wire.GetCommandLogParams(command_id="nobody")),
        (calls.GET_EVENTS, wire.GetEventsParams(command_id="nobody")),
        (calls.CANCEL_COMMAND, wire.CancelCommandParams(command_id="nobody")),
    ]:
        with pytest.raises(rpc.UnknownExecutionError):
            await agents.call(endpoint, method, params)


async def test_a_cancel_ends_it(agents: AgentCalls, endpoint: Endpoint, execute: Execute) -> None:
    """A cancelled command ends as canceled."""
    started = await execute("sleep", "600")

    await agents.call(
        endpoint, calls.CANCEL_COMMAND, wire.CancelCommandParams(command_id=started.command_id)
    )
    _, result = await read_to_the_end(agents, endpoint, started.command_id)

    assert (result.state, result.reason_code) == ("canceled", "canceled")


async def test_what_is_acknowledged_is_listed_no_more(
    agents: AgentCalls, endpoint: Endpoint, execute: Execute
) -> None:
    """An ended command is listed until the caller says that it has everything."""
    started = await execute("echo", "x")
    await read_to_the_end(agents, endpoint, started.command_id)

    async def list_ids() -> list[str]:
        listed = await agents.call(endpoint, calls.LIST_COMMANDS, wire.NoParams())
        return [command.command_id for command in listed.commands]

    assert await list_ids() == [started.command_id]
    params = wire.AcknowledgeCommandParams(command_id=started.command_id)
    await agents.call(endpoint, calls.ACKNOWLEDGE_COMMAND, params)
    assert await list_ids() == []


async def test_a_playbook_without_its_bundle_is_refused(
    agents: AgentCalls, endpoint: Endpoint
) -> None:
    """A host that lacks the content says so, before anything starts."""
    params = wire.ExecuteAnsibleParams(
        playbook="site.yml",
        command_id="p1",
        bundle="0" * 64,
        inventory={"all": {"hosts": {"local": None}}},
        inventory_hostname="local",
    )

    with pytest.raises(rpc.BundleMissingError):
        await agents.call(endpoint, calls.EXECUTE_ANSIBLE, params)


async def test_a_bundle_says_how_much_it_has(agents: AgentCalls, endpoint: Endpoint) -> None:
    """An empty piece asks where to go on, and pieces are taken one behind the other."""
    content = b"not really a bundle"
    digest = hashlib.sha256(content).hexdigest()

    async def put(offset: int, data: bytes) -> wire.PutBundleResult:
        params = wire.PutBundleParams(
            digest=digest,
            size=len(content) + 1,
            offset=offset,
            data=base64.b64encode(data).decode(),
        )
        return await agents.call(endpoint, calls.PUT_BUNDLE, params)

    assert (await put(0, b"")).received == 0
    assert (await put(0, content[:5])).received == 5
    assert (await put(0, b"")).received == 5
    assert (await put(5, content[5:])).received == len(content)


async def test_credentials_change_with_an_overlap(agents: AgentCalls, endpoint: Endpoint) -> None:
    """Both tokens are right after a rotation, until the new one is seen for the first time."""
    new = dataclasses.replace(endpoint, agent_token="another-token-than-before")
    params = RotateCredentialsParams(
        agent_token=new.agent_token, secret_key="another-key-than-before", overlap_s=60
    )

    rotated = await agents.call(endpoint, calls.ROTATE_CREDENTIALS, params)
    again = await agents.call(endpoint, calls.ROTATE_CREDENTIALS, params)
    assert (rotated.changed, again.changed) == (True, False)
    assert rotated.overlap_until is not None
    await agents.call(new, calls.HEALTH_CHECK, wire.NoParams())

    with pytest.raises(errors.AgentAuthError):
        await agents.call(endpoint, calls.HEALTH_CHECK, wire.NoParams())
    after = await agents.call(new, calls.ROTATE_CREDENTIALS, params)
    assert (after.changed, after.overlap_until) == (False, None)
