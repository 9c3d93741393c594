# SPDX-License-Identifier: GPL-3.0-or-later
"""How do a command and a file get to a host through the control plane, over lines that break?

Each has an id that is made here, so that what was sent and not answered is sent again without
being done twice, and goes on at its offset.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import io
import json
import time
import typing as t
import uuid

from ansible_collections.myx.fleet.plugins.module_utils._client import Client, quote_segment
from ansible_collections.myx.fleet.plugins.module_utils._errors import (
    ApiError,
    FleetError,
    UnreachableError,
)
from ansible_collections.myx.fleet.plugins.plugin_utils._interrupts import call_when_interrupted

MAX_TRIES = 6
"""Tries in a row without any byte, with 1, 2, 4 ... seconds in between: half a minute."""

SILENCE_S = 45.0
"""Three times as long as the control plane is silent while a command says nothing."""

MAX_STDIN_BYTES = 2 * 1024 * 1024
"""A longer input is sent as a file first."""

ASK_FIRST_BYTES = 256 * 1024
"""Of a file from this size on it is asked first whether it is there, and how much of it."""

MAX_LINE_BYTES = 4 * 1024 * 1024
"""A piece of output has 256 KiB at most, before it is quoted."""

_READ_BYTES = 1024 * 1024
_MISSING = "No such file or directory"
_SIGNALED = 128

Query = t.Dict[str, t.Any]


class Outcome(t.NamedTuple):
    """How a command ended, and what it said."""

    return_code: int
    stdout: bytes
    stderr: bytes


class HostError(FleetError):
    """The host did something else than was asked for; it can be reached."""


class MissingFileError(HostError):
    """The host has no such file."""


class AgentChannel:
    """Reaches one host, as one account."""

    def __init__(
        self,
        client: Client,
        host: str,
        user: str | None,
        tries: int = MAX_TRIES,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._path = f"/hosts/{quote_segment(host)}/connection"
        self._user = user
        self._tries = tries
        self._sleep = sleep

    def execute(self, command: list[str], stdin: bytes) -> Outcome:
        """Run a command to its end.

        Raises:
            HostError: it did not end by itself, or said more than the host holds.
            FleetError: it could not be run.
        """
        listener = _Listener(
            {
                "id": uuid.uuid4().hex,
                "command": command,
                "stdin": base64.b64encode(stdin).decode(),
                "user": self._user,
            }
        )
        command_path = f"{self._path}/exec/{listener.request['id']}"

        def cancel() -> None:
            with contextlib.suppress(FleetError, OSError, http.client.HTTPException):
                self._client.open_exchange("DELETE", command_path).close()

        with call_when_interrupted(cancel):
            try:
                self._try_on(listener, lambda: self._listen(listener))
            except FleetError:
                raise
            except BaseException:  # a task's own timeout, for one
                cancel()
                raise
        return listener.conclude()

    def execute_shell(self, shell: str, command: str, stdin: bytes) -> Outcome:
        """Run a command of a shell; a long input is sent as a file first, which never stays.

        Raises:
            HostError: it did not end by itself, or said more than the host holds.
            FleetError: it could not be run.
        """
        if len(stdin) <= MAX_STDIN_BYTES:
            return self.execute([shell, "-c", command], stdin)
        path = f"/var/tmp/.myx-{uuid.uuid4().hex}"  # noqa: S108 - its name cannot be guessed
        try:
            self._put(io.BytesIO(stdin), path, "0600")
            # The command begins without it.
            whole = f"exec <{path} && rm -f {path} && {{ {command}\n}}"
            return self.execute([shell, "-c", whole], b"")
        except FleetError:
            with contextlib.suppress(FleetError):
                self.execute(["rm", "-f", path], b"")
            raise

    def put_file(self, source: str, path: str, mode: str) -> None:
        """Send a file; what the host has already is not sent.

        Raises:
            OSError: it cannot be read here.
            HostError: it cannot be written there.
            FleetError: the host cannot be reached.
        """
        with open(source, "rb") as file:
            self._put(file, path, mode)

    def fetch_file(self, path: str, target: str) -> None:
        """Fetch a file; one that breaks off goes on where it was.

        Raises:
            OSError: it cannot be written here.
            MissingFileError: it is not there.
            HostError: it cannot be read there.
            FleetError: the host cannot be reached.
        """
        with open(target, "wb") as file:
            query = {"path": path, "follow": True, "user": self._user}
            fetching = _Fetching(file)
            self._try_on(fetching, lambda: self._fetch(fetching, query))

    def _put(self, file: t.BinaryIO, path: str, mode: str) -> None:
        digest = _sum(file)
        size = file.tell()
        query = {
            "path": path,
            "id": uuid.uuid4().hex,
            "size": size,
            "sha256": digest,
            "mode": mode,
            "user": self._user,
        }
        sending = _Sending(file, size, is_known=size < ASK_FIRST_BYTES)
        self._try_on(sending, lambda: self._send(sending, query))

    def _try_on(self, work: _Work, step: t.Callable[[], None]) -> None:
        """Take steps until it is done; give up when several in a row bring nothing."""
        failures = 0
        while not work.is_done:
            before = work.progress
            try:
                step()
            except (FleetError, OSError, http.client.HTTPException) as error:
                cause = _explain(error, has_begun=work.progress > 0)
                failures = 1 if work.progress > before else failures + 1
                if failures >= self._tries:
                    raise cause from error
                self._sleep(2.0 ** (failures - 1))

    def _listen(self, listener: _Listener) -> None:
        body = json.dumps(listener.request).encode()
        headers = {"Content-Type": "application/json"}
        path = self._path + "/exec"
        exchange = self._client.open_exchange("POST", path, body, headers, timeout_s=SILENCE_S)
        with exchange as answer:
            while not listener.is_done:
                line = answer.readline(MAX_LINE_BYTES)
                if not line.endswith(b"\n"):
                    raise http.client.IncompleteRead(line)
                listener.take(json.loads(line))

    def _send(self, sending: _Sending, query: Query) -> None:
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(sending.prepare()),
        }
        answer = self._client.open_exchange(
            "PUT",
            self._path + "/file",
            sending.file if sending.is_known else b"",
            headers,
            {**query, "offset": sending.progress},
        )
        with answer:
            sending.note(json.loads(answer.read(MAX_LINE_BYTES)))

    def _fetch(self, fetching: _Fetching, query: Query) -> None:
        asked = {**query, "offset": fetching.progress, "version": fetching.version or None}
        with self._client.open_exchange("GET", self._path + "/file", query=asked) as answer:
            fetching.take(answer)


_BUSY = frozenset(("connections_busy", "host_busy", "too_many_requests", ""))
"""What passes by itself. That an agent cannot be reached is told at once, unless work was begun."""


class _LocalError(OSError):
    """Something failed on this machine."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _Work:
    """Something that is done step by step; ``progress`` counts what the steps have brought."""

    def __init__(self) -> None:
        self.progress = 0
        self.is_done = False


class _Listener(_Work):
    """Takes in what a command says."""

    def __init__(self, request: dict[str, t.Any]) -> None:
        super().__init__()
        self.request = request
        self._output = {"stdout": bytearray(), "stderr": bytearray()}
        self._end: dict[str, t.Any] = {}

    def take(self, line: dict[str, t.Any]) -> None:
        """Take in one line of the answer."""
        if line.get("error"):
            error = ApiError(line["error"], http.client.BAD_GATEWAY, line.get("code", ""))
            error.may_pass = line.get("code") not in {"command_gone", "command_unknown"}
            raise error
        self.progress += 1
        if "data" in line:
            text = line["data"]
            is_raw = line["encoding"] == "base64"
            self._output[line["type"]] += base64.b64decode(text) if is_raw else text.encode()
            self.request["offset"] = line["new_offset"]
        if "state" in line:
            self._end, self.is_done = line, True

    def conclude(self) -> Outcome:
        """Return what came of it.

        Raises:
            HostError: it did not end by itself, or said more than the host holds.
        """
        code, state = self._end.get("return_code"), self._end["state"]
        if state in {"canceled", "timed_out", "lost"} or code is None:
            raise HostError("The command is {}: {}.".format(state, self._end.get("reason")))
        if self._end.get("dropped_bytes"):
            raise HostError(
                "The command said {} bytes more than the agent holds of one. Let it write to a "
                "file, and fetch that.".format(self._end["dropped_bytes"])
            )
        stdout, stderr = bytes(self._output["stdout"]), bytes(self._output["stderr"])
        return Outcome(code if code >= 0 else _SIGNALED - code, stdout, stderr)


class _Sending(_Work):
    """A file on its way out; until ``is_known``, the host is only asked what it has of it."""

    def __init__(self, file: t.BinaryIO, size: int, *, is_known: bool) -> None:
        super().__init__()
        self.file = file
        self.is_known = is_known
        self._size = size

    def prepare(self) -> int:
        """Go to where the host wants the rest from; return how much is sent."""
        if not self.is_known:
            return 0
        self.file.seek(self.progress)
        return self._size - self.progress

    def note(self, answer: dict[str, t.Any]) -> None:
        """Note what the host has."""
        was_known, self.is_known = self.is_known, True
        before, self.progress = self.progress, answer["received"]
        self.is_done = answer["complete"]
        if was_known and not self.is_done and self.progress <= before:
            raise http.client.IncompleteRead(b"")


class _Fetching(_Work):
    """A file on its way in."""

    def __init__(self, file: t.BinaryIO) -> None:
        super().__init__()
        self.version = ""
        self._file = file

    def take(self, answer: t.Any) -> None:
        """Take in an answer to its end, or to where it breaks off."""
        self.version = answer.headers.get("X-File-Version", "")
        announced = answer.headers.get("Content-Length")
        wanted = None if announced is None else self.progress + int(announced)
        if wanted is None and self.progress:
            raise HostError("A file of no known size broke off; fetch it again.")
        while data := answer.read(_READ_BYTES):
            try:
                self._file.write(data)
            except OSError as error:
                raise _LocalError(error) from error
            self.progress += len(data)
        if wanted is not None and self.progress != wanted:
            raise http.client.IncompleteRead(b"", wanted - self.progress)
        self.is_done = True


def _explain(error: Exception, *, has_begun: bool) -> FleetError:
    """Return what is waited for, or raise what will not pass by itself."""
    if isinstance(error, _LocalError):
        raise error.cause
    if not isinstance(error, FleetError):
        return UnreachableError(str(error) or type(error).__name__)
    code = error.code if isinstance(error, ApiError) else ""
    if code == "file_refused":
        kind = MissingFileError if _MISSING in str(error) else HostError
        raise kind(str(error)) from error
    if not error.may_pass or not (has_begun or code in _BUSY):
        raise error
    return error


def _sum(file: t.BinaryIO) -> str:
    digest = hashlib.sha256()
    while data := file.read(_READ_BYTES):
        digest.update(data)
    return digest.hexdigest()
