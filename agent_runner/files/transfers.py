# SPDX-License-Identifier: GPL-3.0-or-later
"""How does one file come in by pieces, and appear at once?

A draft beside its path takes the pieces; it gets the path's name when its sum is right. What is
half here goes when the sender stays away, or the agent stops.
"""

import contextlib
import errno
import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import PurePosixPath

import msgspec

from agent_runner.content.disk import translate_full_disk
from agent_runner.files.worker import UnfitError
from agent_runner.files.workers import Worker
from agent_runner.protocol.errors import DiskFullError, FileRefusedError, InvalidParamsError
from agent_runner.protocol.files import PutFileParams, PutFileResult

NEW_MODE = 0o644
"""Of a file that was not there and for which no mode is said."""


class Transfer:
    """One file on its way in; used under its ``lock``.

    Args:
        find_worker: returns what opens and renames in the account's rights.
        params: of the first piece.
    """

    def __init__(self, find_worker: Callable[[], Worker], params: PutFileParams) -> None:
        self._find_worker = find_worker
        self._params = params
        self._draft = str(PurePosixPath(params.path).with_name(f".myx-{params.transfer_id}"))
        self._hash = hashlib.sha256()
        self._fd: int | None = None
        self._received = 0
        self.lock = threading.Lock()
        self.touched_at = time.monotonic()

    def take(self, params: PutFileParams) -> PutFileResult:
        """Take a piece, and publish the file when it is the last one.

        A piece that does not fit behind what is here changes nothing.

        Raises:
            InvalidParamsError: the piece is of another file.
            FileRefusedError: the bytes are others than announced, or the path cannot be written.
            DiskFullError: no room.
        """
        self._check(params)
        self.touched_at = time.monotonic()
        if self._fd is None:
            if self._is_there():
                return self._answer(received=params.size, complete=True, changed=False)
            self._open()
        if params.offset == self._received:
            self._append(params.data)
        if self._received < params.size:
            return self._answer(received=self._received, complete=False, changed=True)
        self._publish()
        return self._answer(received=self._received, complete=True, changed=True)

    def discard(self) -> None:
        """Remove what is here of it."""
        if self._fd is None:
            return
        os.close(self._fd)
        self._fd = None
        with contextlib.suppress(OSError, FileRefusedError):
            self._find_worker().ask("remove", draft=self._draft)

    def _check(self, params: PutFileParams) -> None:
        first = self._params
        same = (first.path, first.size, first.sha256) == (params.path, params.size, params.sha256)
        if not same:
            raise InvalidParamsError(
                "transfer_id: it belongs to another file; name a new one for each file"
            )
        if params.offset + len(params.data) > params.size:
            raise InvalidParamsError("data: the piece reaches beyond 'size'; correct 'size'")

    def _is_there(self) -> bool:
        """Tell whether the file is as it shall be; one that may not be read is not."""
        wanted = self._params
        try:
            fd = self._find_worker().ask("read", path=wanted.path, follow=False)
        except OSError:
            return False
        except UnfitError as error:
            raise explain_kind(wanted.path, str(error)) from error
        if fd is None:
            return False
        with os.fdopen(fd, "rb") as file:
            status = os.fstat(fd)
            mode = stat.S_IMODE(status.st_mode)
            if wanted.mode is None:
                self._params = wanted = msgspec.structs.replace(wanted, mode=mode)
            if (status.st_size, mode) != (wanted.size, wanted.mode):
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == wanted.sha256

    def _open(self) -> None:
        path = self._params.path
        try:
            self._fd = self._find_worker().ask("draft", path=path, draft=self._draft)
        except UnfitError as error:
            raise explain_kind(path, str(error)) from error
        except OSError as error:
            raise explain(path, error) from error
        if self._fd is None:
            raise RuntimeError("the worker answers with a draft")
        room = os.fstatvfs(self._fd)
        free = room.f_bavail * room.f_frsize
        if free < self._params.size:
            raise DiskFullError(
                f"path: there are {free} bytes free beside '{path}', and the file has"
                f" {self._params.size}; free some room on the host"
            )

    def _append(self, data: bytes) -> None:
        if self._fd is None:
            raise RuntimeError("a draft is opened before its first piece")
        with translate_full_disk("the file"):
            view = memoryview(data)
            while view:
                view = view[os.pwrite(self._fd, view, self._received + len(data) - len(view)) :]
        self._hash.update(data)
        self._received += len(data)

    def _publish(self) -> None:
        """Check the sum and give the draft its name."""
        params = self._params
        if self._hash.hexdigest() != params.sha256:
            raise FileRefusedError(
                f"sha256: what arrived for '{params.path}' is {self._hash.hexdigest()}; send it"
                " again from offset 0 with the sum of what is sent"
            )
        if self._fd is None:
            raise RuntimeError("a draft is opened before it is published")
        try:
            os.fchmod(self._fd, NEW_MODE if params.mode is None else params.mode)
            self._find_worker().ask("publish", path=params.path, draft=self._draft)
        except UnfitError as error:
            raise explain_kind(params.path, str(error)) from error
        except OSError as error:
            raise explain(params.path, error) from error
        os.close(self._fd)
        self._fd = None

    @staticmethod
    def _answer(*, received: int, complete: bool, changed: bool) -> PutFileResult:
        return PutFileResult(received=received, complete=complete, changed=changed)


def explain(path: str, error: OSError) -> FileRefusedError:
    """Say what the system says about a path."""
    return FileRefusedError(
        f"path: '{path}': {os.strerror(error.errno or errno.EIO)}",
        {"errno": errno.errorcode.get(error.errno or errno.EIO, "")},
    )


def explain_kind(path: str, kind: str) -> FileRefusedError:
    """Say that what is at a path is no plain file."""
    return FileRefusedError(f"path: '{path}' is {kind}; name a plain file", {"kind": kind})
