# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the agent have things done in the rights of an account? By a process that has no others.

One for each account, started when it is needed and ended when it is not.
"""

import json
import os
import pwd
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from agent_runner.files import worker
from agent_runner.protocol.errors import BusyError, FileRefusedError

ANSWER_S = 30.0
"""How long an answer is awaited: a path may lie on a file system that does not answer."""

IDLE_S = 30.0
"""A process that was not needed for so long is ended."""

MAX_WORKERS = 32
"""So many accounts can be served at once."""

_PROGRAM = Path(worker.__file__)


class Worker:
    """A process in the rights of one account.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, account: pwd.struct_passwd) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(ANSWER_S)
        self._lock = threading.Lock()
        self.used_at = time.monotonic()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(_PROGRAM), *_list_rights(account)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={},
                    cwd="/",
                    umask=0o077,
                    start_new_session=True,
                )
        except BaseException:
            self._socket.close()
            raise

    def ask(self, method: str, **arguments: Any) -> int | None:
        """Have it done, and return the descriptor of what it has opened.

        Raises:
            UnfitError: what is at the path is no plain file.
            FileRefusedError: it does not answer.
            OSError: the system refuses it.
        """
        request = json.dumps({"method": method, **arguments}).encode()
        with self._lock:
            self.used_at = time.monotonic()
            try:
                self._socket.send(request)
                answer, fds, _, _ = socket.recv_fds(self._socket, worker.MAX_BYTES, maxfds=1)
            except OSError as error:
                self.close()
                raise FileRefusedError(
                    f"the file system does not answer within {ANSWER_S:g} s ({error})"
                ) from error
        if not answer:
            self.close()
            raise FileRefusedError("the process that handles files has ended; try again")
        return _read_answer(json.loads(answer), fds)

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it, and reap it unless it hangs in the kernel."""
        self._socket.close()
        self._process.kill()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            return


class Workers:
    """The processes that are there, by account; several threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[int, Worker] = {}

    def get(self, account: pwd.struct_passwd) -> Worker:
        """Return the process of an account.

        Raises:
            BusyError: there are too many.
            OSError: it cannot be started.
        """
        with self._lock:
            found = self._workers.get(account.pw_uid)
            if found is not None and found.is_alive:
                found.used_at = time.monotonic()
                return found
            if len(self._workers) >= MAX_WORKERS:
                raise BusyError(
                    f"files of {MAX_WORKERS} accounts are handled, which is the limit; try again",
                    {"limit": "file_accounts"},
                )
            made = self._workers[account.pw_uid] = Worker(account)
            return made

    @property
    def are_any(self) -> bool:
        """Whether there is one."""
        return bool(self._workers)

    def end_idle(self, now: float) -> None:
        """End those that were not needed for long; ``now`` is of the monotonic clock."""
        with self._lock:
            for uid, each in list(self._workers.items()):
                if now - each.used_at > IDLE_S or not each.is_alive:
                    self._workers.pop(uid).close()

    def close(self) -> None:
        """End all."""
        with self._lock:
            for each in self._workers.values():
                each.close()
            self._workers.clear()


def _list_rights(account: pwd.struct_passwd) -> list[str]:
    """Return the numbers that the process is to have, or none where they are the agent's own."""
    if account.pw_uid == os.geteuid():
        return []
    groups = os.getgrouplist(account.pw_name, account.pw_gid)
    return [str(number) for number in (account.pw_uid, account.pw_gid, *groups)]


def _read_answer(answer: dict[str, Any], fds: list[int]) -> int | None:
    if "unfit" in answer:
        raise worker.UnfitError(answer["unfit"])
    if "errno" in answer:
        raise OSError(answer["errno"], os.strerror(answer["errno"]))
    if not fds:
        return None
    os.set_inheritable(fds[0], False)
    return fds[0]
