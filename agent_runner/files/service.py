# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be asked of the files of this host? The one interface to this package."""

import asyncio
import contextlib
import logging
import os
import pwd
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from agent_runner.audit import AuditLog
from agent_runner.executions.environment import find_account
from agent_runner.files.transfers import Transfer, explain, explain_kind
from agent_runner.files.worker import UnfitError
from agent_runner.files.workers import Workers
from agent_runner.policy import load_policy_to_judge
from agent_runner.protocol.errors import BusyError, FileRefusedError, RpcError
from agent_runner.protocol.files import (
    TRANSFER_IDLE_S,
    GetFileParams,
    GetFileResult,
    PutFileParams,
    PutFileResult,
)
from agent_runner.tracing import get_request_id

THREADS = 4
"""Pieces that are written or read at once."""

MAX_TRANSFERS = 64
"""Files that may be on their way in at once."""

TIDY_S = 5.0
"""How often it is looked whether somebody stays away."""

_REMEMBERED_READS = 256

_logger = logging.getLogger(__name__)

Params = PutFileParams | GetFileParams
_R = TypeVar("_R", PutFileResult, GetFileResult)


class Files:
    """Writes and reads files by pieces.

    Args:
        policy_path: what the host's administrator allows; may be missing.
        audit: the host's audit log.
        idle_s: a file of which no piece comes for so long is given up.
    """

    def __init__(self, policy_path: Path, audit: AuditLog, idle_s: float = TRANSFER_IDLE_S) -> None:
        self._policy_path = policy_path
        self._audit = audit
        self._idle_s = idle_s
        self._workers = Workers()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="files")
        self._choosing = threading.Lock()
        self._transfers: dict[tuple[int, str], Transfer] = {}
        self._reads: OrderedDict[tuple[int, str, str, str], None] = OrderedDict()
        self._tidying: asyncio.TimerHandle | None = None

    async def close(self) -> None:
        """Give up what is half here, and end the processes that were needed."""
        if self._tidying is not None:
            self._tidying.cancel()
        await asyncio.to_thread(self._close)

    async def put(self, params: PutFileParams) -> PutFileResult:
        """Take a piece of a file; see ``Transfer.take`` for what is refused.

        Raises:
            BusyError: too many files are on their way.
            InvalidParamsError: there is no such account.
            PolicyRefusedError: the host's administrator forbids it.
        """
        return await self._run(self._put, params)

    async def get(self, params: GetFileParams) -> GetFileResult:
        """Return a piece of a file.

        Raises:
            FileRefusedError: it cannot be read, is no plain file, or has changed.
            InvalidParamsError: there is no such account.
            PolicyRefusedError: the host's administrator forbids it.
        """
        return await self._run(self._get, params)

    async def _run(self, work: Callable[[Any, pwd.struct_passwd], _R], params: Params) -> _R:
        loop = asyncio.get_running_loop()
        if self._tidying is None:
            self._tidying = loop.call_later(TIDY_S, self._begin_tidying)
        request_id = get_request_id()

        def judge_and_work() -> _R:
            with self._noting_refusals(params, request_id):
                account = find_account(params.user)
                policy = load_policy_to_judge(self._policy_path)
                policy.check_kind("file")
                policy.check_user(account.pw_name)
                return work(params, account)

        return await loop.run_in_executor(self._threads, judge_and_work)

    def _put(self, params: PutFileParams, account: pwd.struct_passwd) -> PutFileResult:
        key = account.pw_uid, params.transfer_id
        result = None
        while result is None:
            result = self._take(key, self._find_transfer(key, params, account), params)
        if result.complete:
            facts = {"digest": params.sha256, "size": params.size, "changed": result.changed}
            self._note("put_file", params, facts)
        return result

    def _take(
        self, key: tuple[int, str], transfer: Transfer, params: PutFileParams
    ) -> PutFileResult | None:
        """Take a piece; None where the transfer ended before it was our turn."""
        with transfer.lock:
            if self._transfers.get(key) is not transfer:
                return None
            try:
                result = transfer.take(params)
            except BaseException:
                transfer.discard()
                del self._transfers[key]
                raise
            if result.complete:
                del self._transfers[key]
            return result

    def _find_transfer(
        self, key: tuple[int, str], params: PutFileParams, account: pwd.struct_passwd
    ) -> Transfer:
        with self._choosing:
            found = self._transfers.get(key)
            if found is None:
                if len(self._transfers) >= MAX_TRANSFERS:
                    raise BusyError(
                        f"{MAX_TRANSFERS} files are on their way to this host, its limit; try"
                        " again when one has arrived",
                        {"limit": "file_transfers"},
                    )
                found = Transfer(lambda: self._workers.get(account), params)
                self._transfers[key] = found
            return found

    def _get(self, params: GetFileParams, account: pwd.struct_passwd) -> GetFileResult:
        try:
            worker = self._workers.get(account)
            fd = worker.ask("read", path=params.path, follow=params.follow)
        except UnfitError as error:
            raise explain_kind(params.path, str(error)) from error
        except OSError as error:
            raise explain(params.path, error) from error
        if fd is None:
            raise RuntimeError("the worker answers with a file")
        try:
            status = os.fstat(fd)
            version = _name_version(status)
            if params.version not in {"", version}:
                raise FileRefusedError(
                    f"path: '{params.path}' has changed while it was read; begin again"
                )
            data = os.pread(fd, params.limit, params.offset)
        except OSError as error:
            raise explain(params.path, error) from error
        finally:
            os.close(fd)
        self._note_read(params, account, version, status.st_size)
        mode = stat.S_IMODE(status.st_mode)
        return GetFileResult(size=status.st_size, mode=mode, version=version, data=data)

    def _note_read(
        self, params: GetFileParams, account: pwd.struct_passwd, version: str, size: int
    ) -> None:
        """Write a line for a file, not for each of its pieces."""
        read = account.pw_uid, params.path, version, params.principal
        with self._choosing:
            is_known = params.offset > 0 and version != "" and read in self._reads
            self._reads[read] = None
            self._reads.move_to_end(read)
            if len(self._reads) > _REMEMBERED_READS:
                self._reads.popitem(last=False)
        if not is_known:
            self._note("get_file", params, {"size": size})

    @contextmanager
    def _noting_refusals(self, params: Params, request_id: str | None) -> Iterator[None]:
        try:
            yield
        except RpcError as error:
            facts = {"result": "refused", "rule": error.data.get("rule"), "reason": error.message}
            self._note("refuse", params, {**facts, "request_id": request_id})
            raise

    def _note(self, action: str, params: Params, facts: dict[str, Any]) -> None:
        """Write to the host's audit log."""
        known = {
            "kind": "file",
            "principal": params.principal,
            "user": params.user,
            "path": params.path,
        }
        try:
            self._audit.write(action, None, {**known, **facts}, durable=False)
        except OSError as error:
            _logger.warning("not_audited", extra={"path": params.path, "error": str(error)})

    def _begin_tidying(self) -> None:
        self._tidying = None
        with contextlib.suppress(RuntimeError):  # it is being closed
            self._threads.submit(self._tidy, asyncio.get_running_loop())

    def _tidy(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give up what nobody sends any more, in a thread; look again while there is something."""
        now = time.monotonic()
        for key, transfer in list(self._transfers.items()):
            if now - transfer.touched_at > self._idle_s:
                with transfer.lock:
                    transfer.discard()
                    self._transfers.pop(key, None)
        self._workers.end_idle(now)
        if self._transfers or self._workers.are_any:
            loop.call_soon_threadsafe(self._tidy_later)

    def _tidy_later(self) -> None:
        if self._tidying is None:
            loop = asyncio.get_running_loop()
            self._tidying = loop.call_later(TIDY_S, self._begin_tidying)

    def _close(self) -> None:
        self._threads.shutdown()
        for transfer in self._transfers.values():
            with transfer.lock:
                transfer.discard()
        self._transfers.clear()
        self._workers.close()


def _name_version(status: os.stat_result) -> str:
    """Name what a file is now; nothing where its size says nothing, as in ``/proc``."""
    if status.st_size == 0:
        return ""
    return f"{status.st_dev:x}-{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
