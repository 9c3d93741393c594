# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the command line do something on one host, past runs? Through its connection."""

import base64
import hashlib
import json
import os
import uuid
from typing import BinaryIO

from api.cli.errors import CliError
from api.cli.remote.client import ApiClient, quote_name

ASK_FIRST_BYTES = 256 * 1024
"""Of a file from this size on it is asked first whether it is there."""

EXEC_TIMEOUT_S = 45.0
"""Three times as long as the control plane is silent while a command says nothing."""

_READ_BYTES = 1024 * 1024


class HostChannel:
    """One host, as one account; ``None`` is the agent's own."""

    def __init__(self, client: ApiClient, host: str, user: str | None) -> None:
        self._client = client
        self._path = f"/hosts/{quote_name(host)}/connection"
        self._user = user

    @staticmethod
    def make_id() -> str:
        """Return an id that nobody has had."""
        return uuid.uuid4().hex

    def run(self, command: str, stdin: bytes) -> tuple[int, bytes]:
        """Run a command of a shell; return its exit code and what it said, both kinds together.

        Raises:
            CliError: it did not come to its end.
        """
        body = {
            "id": self.make_id(),
            "command": ["/bin/sh", "-c", command],
            "stdin": base64.b64encode(stdin).decode(),
            "user": self._user,
        }
        said = bytearray()
        for line in self._client.post_lines(f"{self._path}/exec", body, EXEC_TIMEOUT_S):
            piece = json.loads(line)
            if "error" in piece:
                raise CliError(piece["error"])
            if "data" in piece:
                is_raw, data = piece["encoding"] == "base64", piece["data"]
                said += base64.b64decode(data) if is_raw else data.encode()
            if "state" in piece:
                if piece.get("return_code") is None:
                    raise CliError(f"The command is {piece['state']}: {piece['reason']}.")
                return piece["return_code"], bytes(said)
        raise CliError("The control plane broke the answer off. Try again.")

    def put(self, file: BinaryIO, path: str, mode: str) -> bool:
        """Send a file from its beginning; return whether the host did not have it.

        Raises:
            CliError: the host does not take it.
        """
        size = file.seek(0, os.SEEK_END)
        query = {
            "path": path,
            "id": self.make_id(),
            "size": size,
            "sha256": _sum(file),
            "mode": mode,
            "user": self._user,
        }
        received, is_known = 0, size < ASK_FIRST_BYTES
        while True:
            file.seek(received)
            sent = size - received if is_known else 0
            answer = self._client.put_bytes(
                f"{self._path}/file",
                file if is_known else b"",
                sent,
                {**query, "offset": received},
            )
            if answer["complete"]:
                return bool(answer["changed"])
            if is_known and answer["received"] <= received:
                raise CliError(f"{path} does not get on. Try again.")
            received, is_known = answer["received"], True


def _sum(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while data := file.read(_READ_BYTES):
        digest.update(data)
    return digest.hexdigest()
