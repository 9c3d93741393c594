# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files does a fake agent have? In memory, by path."""

import hashlib
from dataclasses import dataclass, field

from agent_runner.protocol.errors import FileRefusedError
from agent_runner.protocol.files import (
    GetFileParams,
    GetFileResult,
    PutFileParams,
    PutFileResult,
)


@dataclass
class MemoryFiles:
    """The files of one fake host."""

    content: dict[str, bytes] = field(default_factory=dict)
    drafts: dict[str, bytearray] = field(default_factory=dict)

    async def put_file(self, params: PutFileParams) -> PutFileResult:
        """Take a piece, as ``put_file`` does."""
        there = self.content.get(params.path)
        if there is not None and hashlib.sha256(there).hexdigest() == params.sha256:
            return PutFileResult(received=params.size, complete=True, changed=False)
        draft = self.drafts.setdefault(params.transfer_id, bytearray())
        if params.offset == len(draft):
            draft += params.data
        if len(draft) < params.size:
            return PutFileResult(received=len(draft), complete=False, changed=True)
        del self.drafts[params.transfer_id]
        if hashlib.sha256(draft).hexdigest() != params.sha256:
            raise FileRefusedError("sha256: send it again from offset 0")
        self.content[params.path] = bytes(draft)
        return PutFileResult(received=params.size, complete=True, changed=True)

    async def get_file(self, params: GetFileParams) -> GetFileResult:
        """Return a piece, as ``get_file`` does."""
        data = self.content.get(params.path)
        if data is None:
            raise FileRefusedError(f"path: '{params.path}': No such file or directory")
        version = hashlib.sha256(data).hexdigest()
        if params.version not in {"", version}:
            raise FileRefusedError(f"path: '{params.path}' has changed while it was read")
        piece = data[params.offset : params.offset + params.limit]
        return GetFileResult(size=len(data), mode=0o644, version=version, data=piece)
