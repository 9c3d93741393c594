# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form do commands and files for one host cross the API?"""

import base64
import binascii
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    EncodedBytes,
    EncoderProtocol,
    Field,
    StringConstraints,
)

from agent_runner.protocol.files import MAX_PATH_BYTES
from agent_runner.protocol.methods import (
    ACCOUNT_PATTERN,
    DIGEST_PATTERN,
    ID_PATTERN,
    MAX_STDIN_BYTES,
    ExecutionResult,
)
from api.core.storable import MAX_INT8

_ID = Annotated[
    str,
    StringConstraints(pattern=ID_PATTERN),
    Field(description="Made by who asks, a new one for each: sent again, nothing is done twice"),
]
_USER = Annotated[
    str | None,
    StringConstraints(pattern=ACCOUNT_PATTERN),
    Field(description="Account on the host; without one the agent's own, which is root"),
]
_PATH = Annotated[
    str,
    StringConstraints(pattern=r"^/[^\x00]*$", max_length=MAX_PATH_BYTES),
    Field(description="Absolute path on the host", examples=["/etc/motd"]),
]
_OFFSET = Annotated[int, Field(ge=0, le=MAX_INT8)]


class _Base64(EncoderProtocol):
    """Base64 in which nothing else stands; pydantic's own passes over what is none."""

    @classmethod
    def decode(cls, data: bytes) -> bytes:
        """Return the bytes."""
        try:
            return base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise ValueError(f"it is not base64: {error}") from error

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        """Return the text."""
        return base64.b64encode(value)

    @classmethod
    def get_json_format(cls) -> Literal["base64"]:
        """Name it in the description of the API."""
        return "base64"


class ExecRequest(BaseModel):
    """A command for one host, of which nothing is kept."""

    model_config = ConfigDict(extra="forbid")

    id: _ID
    command: Annotated[
        list[str], Field(min_length=1, description="Argument vector; no shell is involved")
    ]
    stdin: Annotated[
        bytes,
        EncodedBytes(encoder=_Base64),
        Field(max_length=MAX_STDIN_BYTES, description="Standard input, base64"),
    ] = b""
    user: _USER = None
    timeout_s: Annotated[float | None, Field(gt=0, description="Without one it has no end")] = None
    offset: Annotated[
        int, Field(ge=0, le=MAX_INT8, description="Where to go on in the output after a break")
    ] = 0


class ExecPiece(BaseModel):
    """A line of the answer to a command: a piece of its output, or how it ended.

    A line with neither says only that the command goes on.
    """

    type: Literal["stdout", "stderr"] | None = None
    encoding: Literal["utf-8", "base64"] | None = None
    data: str | None = None
    new_offset: Annotated[int | None, Field(description="Where the next piece begins")] = None
    return_code: Annotated[
        int | None, Field(description="With the last line; -N where signal N ended it")
    ] = None
    state: Annotated[str | None, Field(description="With the last line: as that of a run")] = None
    reason: str | None = None
    dropped_bytes: Annotated[
        int | None, Field(description="Of output that was longer than the host holds")
    ] = None
    error: Annotated[str | None, Field(description="Why the answer breaks off")] = None
    code: Annotated[str | None, Field(description="That, for programs")] = None


def describe_end(result: ExecutionResult) -> ExecPiece:
    """Return the last line."""
    return ExecPiece(
        return_code=result.return_code,
        state=result.state,
        reason=result.reason,
        dropped_bytes=result.dropped_bytes,
    )


class FilePut(BaseModel):
    """Which file the body is for, or the rest of which file."""

    model_config = ConfigDict(extra="forbid")

    path: _PATH
    id: _ID
    size: Annotated[int, Field(ge=0, le=MAX_INT8, description="Bytes of the whole file")]
    sha256: Annotated[str, StringConstraints(pattern=DIGEST_PATTERN)]
    offset: Annotated[_OFFSET, Field(description="Where in the file the body begins")] = 0
    mode: Annotated[
        str | None,
        StringConstraints(pattern=r"^0?[0-7]{3}$"),
        Field(description="Octal; without one the file keeps its own, a new one gets 0644"),
    ] = None
    user: _USER = None


class FileReceived(BaseModel):
    """How much of a file the host has."""

    received: Annotated[int, Field(description="Send the rest from here on")]
    complete: bool
    changed: Annotated[bool, Field(description="False where the file was there already")]


class FileGet(BaseModel):
    """Which file, and where in it to begin."""

    model_config = ConfigDict(extra="forbid")

    path: _PATH
    offset: _OFFSET = 0
    version: Annotated[
        str,
        Field(
            max_length=128,
            description="X-File-Version of the first answer; what has changed is refused",
        ),
    ] = ""
    follow: Annotated[
        bool, Field(description="Take what a symbolic link at the end of the path points to")
    ] = False
    user: _USER = None
