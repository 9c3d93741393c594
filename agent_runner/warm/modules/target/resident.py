# SPDX-License-Identifier: GPL-3.0-or-later
"""How does one ready interpreter run many modules, none of which can see another?

It has one thread and forks for each connection. It never reads what is asked for: the fork does.
It lives as long as the ``ansible-playbook`` that it belongs to, and starts itself anew where
something was installed that a new interpreter would find.
"""

from __future__ import annotations

import codecs
import gc
import json
import os
import select
import signal
import site
import socket
import sys
from typing import Any, NamedTuple, NoReturn

from agent_runner.warm.modules.target import running
from agent_runner.warm.modules.target.caching import CodeCache
from agent_runner.warm.modules.target.preloading import preload
from agent_runner.warm.modules.target.requests import End, send_end

_OURS = ("agent_runner", "gc")


class Order(NamedTuple):
    """What a ready interpreter is told.

    Attributes:
        environment: what the shell that starts it was given.
        ansible: where Ansible's package lies.
        identity: its ``version`` and ``author``.
        cache: where compiled modules are kept, if anywhere.
    """

    environment: dict[str, str]
    ansible: str
    identity: dict[str, str]
    cache: str | None


def serve(listen_fd: int, owner_fd: int, order_fd: int) -> None:
    """Fork for each connection, until the owner has ended.

    Args:
        listen_fd: the socket that workers connect to.
        owner_fd: a pidfd of the ``ansible-playbook`` that this is for.
        order_fd: a file with the order.
    """
    sys.path[:] = [entry for entry in sys.path if entry != ""]
    seen = _look_around()
    readiness = _prepare(Order(*json.loads(_read(order_fd))))
    for name in [name for name in sys.modules if name.partition(".")[0] in _OURS]:
        del sys.modules[name]  # a new interpreter would not have them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    listener = socket.socket(fileno=listen_fd)
    poll = select.poll()
    poll.register(listen_fd, select.POLLIN)
    poll.register(owner_fd, select.POLLIN)
    gc.freeze()  # the collector would write to the pages that the modules share
    gc.enable()  # who started this has switched it off: what is loaded stays
    while owner_fd not in dict(poll.poll()):
        if _look_around() != seen:
            _start_anew([listen_fd, owner_fd, order_fd])
        connection, _ = listener.accept()
        if os.fork() == 0:
            _stand_between(connection, [listener, owner_fd, order_fd], readiness)
        connection.close()


def _prepare(order: Order) -> running.Readiness:
    cache = CodeCache(order.cache)
    preloaded = preload(order.ansible, order.identity, cache)
    codecs.lookup("cp437")  # of the names in archives
    added = {
        name: value for name, value in os.environ.items() if order.environment.get(name) != value
    }
    return running.Readiness(preloaded, cache, added)


def _stand_between(
    connection: socket.socket, inherited: list[Any], readiness: running.Readiness
) -> NoReturn:
    """Be to a module what the shell is to it: its parent, and the leader of its session."""
    shell_stays = os.getppid() != os.getsid(0)  # the session is that of the shell at first
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        pid = os.fork()
        if pid == 0:
            running.become_module(connection, readiness)
        for each in inherited:
            each.close() if isinstance(each, socket.socket) else os.close(each)
        _, status = os.waitpid(pid, 0)
        send_end(connection, End(status, shell_stays))
    finally:
        os._exit(0)


def _look_around() -> list[Any]:
    """Return what tells whether something was installed where this interpreter looks."""
    folders = [
        *site.getsitepackages(),
        site.getusersitepackages(),
        os.path.realpath(sys.executable),
    ]
    return [_stamp(folder) for folder in folders]


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        facts = os.stat(path)  # noqa: PTH116 - before each module
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns


def _start_anew(fds: list[int]) -> NoReturn:
    """Replace this process by a new interpreter, which finds who waits in the queue."""
    for fd in fds:
        os.set_inheritable(fd, True)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - itself


def _read(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    pieces = []
    while piece := os.read(fd, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)
