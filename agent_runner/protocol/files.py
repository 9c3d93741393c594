# SPDX-License-Identifier: GPL-3.0-or-later
"""How do single files come to a host and from it? Parameters and results of these methods.

In pieces, each at its offset, so that who was cut off goes on where he was. The file appears
under its name at once and whole, when its SHA-256 is right. Both are done with the rights of the
account that the request names.
"""

from typing import Annotated, ClassVar

import msgspec

from agent_runner.protocol.methods import (
    AccountName,
    CommandId,
    Digest,
    Message,
    Offset,
    Principal,
    Result,
)

MAX_FILE_PIECE_BYTES = 3 * 1024 * 1024
"""The largest piece of a file in one message: below the largest request."""

MAX_PATH_BYTES = 4095
"""The longest path that the kernel takes."""

TRANSFER_IDLE_S = 60.0
"""A file of which no piece has come for so long is given up."""

AbsolutePath = Annotated[str, msgspec.Meta(pattern=r"^/[^\x00]*$", max_length=MAX_PATH_BYTES)]
FileMode = Annotated[int, msgspec.Meta(ge=0, le=0o777)]
FilePiece = Annotated[bytes, msgspec.Meta(max_length=MAX_FILE_PIECE_BYTES)]


class PutFileParams(Message, frozen=True, omit_defaults=True):
    """Parameters of ``put_file``: a piece of a file that is ``size`` bytes long, at ``offset``.

    ``transfer_id`` is the same for all pieces of one file. Empty ``data`` asks how much the host
    has, and whether the file is already there. Without ``mode`` a file keeps the one it has, and
    a new one gets 0644. A symbolic link at the end of ``path`` is refused, not followed.
    """

    trailing: ClassVar[str] = "data"

    path: AbsolutePath
    transfer_id: CommandId
    size: Offset
    sha256: Digest
    offset: Offset = 0
    data: FilePiece = b""
    mode: FileMode | None = None
    user: AccountName | None = None
    principal: Principal = ""


class PutFileResult(Result, frozen=True):
    """Answer of ``put_file``: send the next piece at ``received`` unless ``complete``.

    ``changed`` is false where the file was there as it shall be.
    """

    received: int
    complete: bool
    changed: bool


class GetFileParams(Message, frozen=True, omit_defaults=True):
    """Parameters of ``get_file``: a piece of a file, from ``offset``.

    ``version`` is what the first piece said: a file that has changed since is refused. A symbolic
    link at the end of ``path`` is refused unless ``follow`` asks for what it points to.
    """

    path: AbsolutePath
    offset: Offset = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_FILE_PIECE_BYTES)] = MAX_FILE_PIECE_BYTES
    version: Annotated[str, msgspec.Meta(max_length=128)] = ""
    follow: bool = False
    user: AccountName | None = None
    principal: Principal = ""


class GetFileResult(Result, frozen=True, omit_defaults=True):
    """Answer of ``get_file``: the piece, how long the file is, its mode, and which version it is.

    The file ends where a piece is empty, or reaches ``size``.
    """

    trailing: ClassVar[str] = "data"

    size: int
    mode: int
    version: str
    data: bytes = b""
