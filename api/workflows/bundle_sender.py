# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a content bundle get to a host? In pieces, from wherever the host stands."""

import asyncio
import base64
import os
from collections.abc import Callable
from pathlib import Path

from agent_runner.protocol.methods import MAX_PIECE_BYTES, PutBundleParams
from api.agents.calls import PUT_BUNDLE
from api.core.errors import MyxError
from api.executions.service import End
from api.workflows.errors import ExecutionEndedError
from api.workflows.patience import PatientAgent


class BundleSender:
    """Sends bundles to agents."""

    def __init__(self, find_archive: Callable[[str], Path], sign: Callable[[str], str]) -> None:
        """Take what names the file of a digest, which may raise ``MyxError``, and what signs it."""
        self._find_archive = find_archive
        self._sign = sign

    async def send(self, agent: PatientAgent, digest: str) -> None:
        """Send what the host does not have yet of the bundle.

        Raises:
            ExecutionEndedError: the bundle is not there any more.
            AgentError, RpcError: as ``PatientAgent.try_call``.
        """
        try:
            archive = self._find_archive(digest)
        except MyxError as error:
            raise ExecutionEndedError(
                End("failed", "bundle_rejected", error.message, started=False)
            ) from error
        descriptor = os.open(archive, os.O_RDONLY | os.O_CLOEXEC)
        try:
            await _send_file(agent, digest, self._sign(digest), descriptor)
        finally:
            os.close(descriptor)


async def _send_file(agent: PatientAgent, digest: str, signature: str, descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    offset, data = 0, b""  # an empty piece asks how much the host already has
    while True:
        answer = await agent.try_call(
            PUT_BUNDLE,
            PutBundleParams(
                digest=digest,
                size=size,
                offset=offset,
                data=base64.b64encode(data).decode("ascii"),
                signature=signature,
            ),
        )
        if answer.complete:
            return
        offset = answer.received
        data = await asyncio.to_thread(os.pread, descriptor, MAX_PIECE_BYTES, offset)
