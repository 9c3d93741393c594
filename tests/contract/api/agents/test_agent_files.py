# SPDX-License-Identifier: GPL-3.0-or-later
"""Files, standard input, and commands that are not kept: the real agent and its fake."""

import hashlib
import uuid
from pathlib import Path

import msgspec
import pytest

from agent_runner.protocol import errors as rpc
from agent_runner.protocol import methods as wire
from agent_runner.protocol.files import GetFileParams, PutFileParams
from agent_runner.protocol.pieces import decode_piece
from api.agents import calls
from api.agents.calls import AgentCalls, Endpoint

DATA = bytes(range(256)) * 5000

Fleet = tuple[AgentCalls, Endpoint]


def _make_params(path: Path) -> PutFileParams:
    return PutFileParams(
        path=str(path),
        transfer_id=str(uuid.uuid4()),
        size=len(DATA),
        sha256=hashlib.sha256(DATA).hexdigest(),
    )


async def test_a_file_comes_and_goes_by_pieces(fleet: Fleet, tmp_path: Path) -> None:
    """What arrives is what was sent, a piece that does not fit is none, and it is read back."""
    agents, endpoint = fleet
    first = _make_params(tmp_path / "file")
    received = []
    for start, end in ((0, 1000), (0, 1000), (1000, len(DATA))):
        piece = msgspec.structs.replace(first, offset=start, data=DATA[start:end])
        received.append((await agents.call(endpoint, calls.PUT_FILE, piece)).received)
    assert received == [1000, 1000, len(DATA)]
    again = msgspec.structs.replace(first, transfer_id="another")
    assert not (await agents.call(endpoint, calls.PUT_FILE, again)).changed
    read, version = b"", ""
    while len(read) < len(DATA):
        params = GetFileParams(path=first.path, offset=len(read), limit=999_999, version=version)
        got = await agents.call(endpoint, calls.GET_FILE, params)
        read, version = read + got.data, got.version
    assert (read, got.size) == (DATA, len(DATA))


async def test_a_wrong_sum_is_refused(fleet: Fleet, tmp_path: Path) -> None:
    """The error is the file's own, with the remedy."""
    agents, endpoint = fleet
    params = msgspec.structs.replace(_make_params(tmp_path / "file"), sha256="0" * 64, data=DATA)
    with pytest.raises(rpc.FileRefusedError, match="offset 0"):
        await agents.call(endpoint, calls.PUT_FILE, params)


async def test_no_file_is_said(fleet: Fleet, tmp_path: Path) -> None:
    """What is not there is refused in the system's words."""
    agents, endpoint = fleet
    with pytest.raises(rpc.FileRefusedError, match="No such file"):
        await agents.call(endpoint, calls.GET_FILE, GetFileParams(path=str(tmp_path / "none")))


@pytest.mark.parametrize("keep", [True, False])
async def test_standard_input_arrives(fleet: Fleet, *, keep: bool) -> None:
    """A program reads what was sent, also where nothing of it is kept."""
    agents, endpoint = fleet
    params = wire.ExecuteCommandParams(command="cat", command_id="id", stdin=DATA, keep=keep)
    assert (await agents.call(endpoint, calls.EXECUTE_COMMAND, params)).created
    assert not (await agents.call(endpoint, calls.EXECUTE_COMMAND, params)).created
    data, is_final = b"", False
    while not is_final:
        log = wire.GetCommandLogParams(command_id="id", offset=len(data), wait_s=20)
        piece = await agents.call(endpoint, calls.GET_COMMAND_LOG, log)
        data, is_final = data + decode_piece(piece.log_data, piece.encoding), piece.is_final
    assert data == DATA
