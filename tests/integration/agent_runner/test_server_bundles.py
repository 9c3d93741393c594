# SPDX-License-Identifier: GPL-3.0-or-later
import base64
import hashlib
import io
import os
import tarfile
from typing import Any

import pytest

from agent_runner.protocol import errors
from agent_runner.protocol import methods as wire


@pytest.fixture
def bundle() -> bytes:
    """Return a bundle of several pieces."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo("playbooks/demo.yml")
        info.size = 1_000_000
        archive.addfile(info, io.BytesIO(os.urandom(info.size)))
    return packed.getvalue()


async def _put(agent: Any, bundle: bytes, offset: int, length: int) -> Any:
    return await agent.result(
        "put_bundle",
        digest=hashlib.sha256(bundle).hexdigest(),
        size=len(bundle),
        offset=offset,
        data=base64.b64encode(bundle[offset : offset + length]).decode(),
    )


async def test_interrupted_bundle_is_resumed(agent: Any, bundle: bytes) -> None:
    """A sender that lost its connection asks, goes on, and the content is there in the end."""
    digest = hashlib.sha256(bundle).hexdigest()
    await _put(agent, bundle, 0, wire.MAX_PIECE_BYTES)
    _, writer = await agent.connect()
    head = (
        f"POST /{agent.config.rpc_path}/rpc HTTP/1.1\r\nX-Agent-Token: {agent.config.agent_token}"
    )
    writer.write(f"{head}\r\nContent-Length: 300000\r\n\r\n".encode() + b'{"jsonrpc"')
    await writer.drain()
    writer.transport.abort()
    answer = await _put(agent, bundle, 0, 0)
    assert answer == {"digest": digest, "received": wire.MAX_PIECE_BYTES, "complete": False}
    while not answer["complete"]:
        answer = await _put(agent, bundle, answer["received"], wire.MAX_PIECE_BYTES)
    unpacked = agent.content.path_of(digest) / "playbooks/demo.yml"
    assert unpacked.stat().st_size == 1_000_000
    assert (await _put(agent, bundle, 0, 0))["complete"]


async def test_rejected_bundle_keeps_its_code(agent: Any) -> None:
    """What is wrong with a bundle arrives as its own error."""
    reply = await agent.call("put_bundle", digest="0" * 64, size=1, offset=0, data="eA==")
    assert reply["error"]["code"] == errors.BundleRejectedError.code
    assert "send it again from offset 0" in reply["error"]["message"]
