# SPDX-License-Identifier: GPL-3.0-or-later
"""Where is the ready interpreter for a module, and how does it come to be there?

The first worker that needs one starts it, and leaves it behind when it ends: so it descends from
the execution's supervisor, as all modules do that it forks. It is reached by a socket in the
execution's folder, which is open before it is ready.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import shlex
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent_runner.warm.modules.commands import ModuleCommand, NotUnderstoodError
from agent_runner.warm.modules.settings import locate_cache, locate_scratch
from agent_runner.warm.modules.target.caching import prepare_private

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PROFILES = 4
"""How many kinds of interpreters an execution keeps; modules for others run the stock way."""

MAX_STARTS = 3
"""How often one is started anew that has died."""

ERRORS_NAME = ".errors"
"""The file beside the sockets where interpreters say why they could not start."""

_BACKLOG = 128
_NAME_CHARS = 16
_ELF = b"\x7fELF"
_READ_AT_START = (
    "PYTHON",
    "LD_",
    "LC_",
    "LANG",
    "LOCPATH",
    "NLSPATH",
    "MALLOC_",
    "GLIBC_",
    "OPENSSL_",
    "HOME",
)
"""Beginnings of the variables that an interpreter and its libraries read when they start."""

_ROOT = Path(__file__).resolve().parents[3]
_START = """import gc, sys
gc.disable()
if sys.version_info >= (3, 10):
    from importlib import util
    place = sys.argv[1] + '/agent_runner'
    spec = util.spec_from_file_location(
        'agent_runner', place + '/__init__.py', submodule_search_locations=[place])
    sys.modules['agent_runner'] = util.module_from_spec(spec)
    from agent_runner.warm.modules.target.resident import serve
    serve(*map(int, sys.argv[2:]))
"""
"""The program of a ready interpreter: the rest lies with the agent, whose folder is no place to
import anything else from."""


class Ansible(NamedTuple):
    """The Ansible whose modules are run: where its package lies, and what its payloads say."""

    package: str
    version: str
    author: str


class Place(NamedTuple):
    """Where a kind of ready interpreter is reached in an execution."""

    execution: Path
    name: str


def locate_interpreter(execution: Path, module: ModuleCommand) -> Place:
    """Return where the interpreter for a module is, or would be.

    Two modules get the same one if a new interpreter would start in the same way for both.

    Raises:
        NotUnderstoodError: what the command names is no interpreter that could be kept ready.
    """
    real = Path(module.interpreter).resolve()
    try:
        facts = real.stat()
        with real.open("rb") as stream:
            is_program = stream.read(len(_ELF)) == _ELF
    except OSError as error:
        raise NotUnderstoodError("interpreter") from error
    if not is_program or not real.name.startswith("python"):
        raise NotUnderstoodError("interpreter")
    environment = {**os.environ, **module.variables}
    read = sorted(item for item in environment.items() if item[0].startswith(_READ_AT_START))
    traits = (module.shell, module.interpreter, real, facts.st_ino, facts.st_mtime_ns)
    text = repr((*traits, module.shell_stays, read))
    name = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
    return Place(execution, name[:_NAME_CHARS])


def connect(place: Place, module: ModuleCommand, ansible: Ansible) -> socket.socket:
    """Return a connection to a ready interpreter, which is started where there is none.

    Raises:
        NotUnderstoodError: there is none and there can be none.
        OSError: the execution's folder cannot be used.
    """
    with _open_scratch(place.execution) as folder:
        for generation in range(MAX_STARTS):
            path = f"{folder}/{place.name}.{generation}"
            connection = _try(path)
            if connection is None and not os.path.exists(path):  # noqa: PTH110 - a descriptor's path
                if generation == 0 and _count_profiles(folder) >= MAX_PROFILES:
                    raise NotUnderstoodError("profiles")
                _start(path, place, module, ansible)
                connection = _try(path)
            if connection is not None:
                return connection
    raise NotUnderstoodError("interpreter_failed")


def start_early(execution: Path, ansible: Ansible) -> None:
    """Start the interpreter that modules of this host used last, before any asks for one.

    Raises:
        NotUnderstoodError: it can no longer be kept ready.
        OSError: the execution's folder cannot be used.
    """
    try:
        shell, interpreter, shell_stays = json.loads(_locate_note(execution).read_text())
    except (OSError, ValueError, TypeError):
        return
    module = ModuleCommand(shell, interpreter, {}, None, shell_stays)
    connect(locate_interpreter(execution, module), module, ansible).close()


def remember_interpreter(execution: Path, module: ModuleCommand) -> None:
    """Note which interpreter a module has used, for ``start_early``.

    Raises:
        OSError: the cache cannot be written.
    """
    note, path = (
        json.dumps((module.shell, module.interpreter, module.shell_stays)),
        _locate_note(execution),
    )
    with contextlib.suppress(FileNotFoundError):
        if path.read_text() == note:
            return
    if prepare_private(str(path.parent)):
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(note)
        draft.replace(path)


def _locate_note(execution: Path) -> Path:
    return locate_cache(execution) / "interpreter"


def _try(path: str) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    return connection


def _count_profiles(folder: str) -> int:
    return len({name.partition(".")[0] for name in os.listdir(folder)} - {""})  # noqa: PTH208 - a descriptor's


@contextlib.contextmanager
def _open_scratch(execution: Path) -> Iterator[str]:
    """Give the folder for sockets by a path that is short enough for any of them."""
    path = locate_scratch(execution)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}"
    finally:
        os.close(fd)


def _start(path: str, place: Place, module: ModuleCommand, ansible: Ansible) -> None:
    """Start an interpreter behind a socket, unless somebody else has just done it."""
    draft = f"{path}.{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(draft)
        listener.listen(_BACKLOG)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        finally:
            os.unlink(draft)  # noqa: PTH108 - a descriptor's path
        _spawn(listener.fileno(), place, module, ansible)


def _spawn(listen_fd: int, place: Place, module: ModuleCommand, ansible: Ansible) -> None:
    """Start an interpreter as Ansible starts one for a module: by the same shells."""
    environment = {**os.environ, **_choose_variables(module)}
    order_fd = os.memfd_create("order")
    owner_fd = os.pidfd_open(_find_owner())
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    errors_fd = os.open(locate_scratch(place.execution) / ERRORS_NAME, flags, 0o600)
    try:
        identity = {"version": ansible.version, "author": ansible.author}
        order = (environment, ansible.package, identity, str(locate_cache(place.execution)))
        with open(order_fd, "w", closefd=False) as stream:
            json.dump(order, stream)
        fds = (listen_fd, owner_fd, order_fd)
        words = [module.interpreter, "-c", _START, str(_ROOT), *map(str, fds)]
        inner = shlex.join(words) + (" && sleep 0" if module.shell_stays else "")
        subprocess.Popen(  # noqa: S602 - as the stock connection does it
            f"{module.shell} -c {shlex.quote(inner)}",
            shell=True,
            executable=module.shell,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors_fd,
            pass_fds=fds,
            start_new_session=True,
        )
    finally:
        for fd in (order_fd, owner_fd, errors_fd):
            os.close(fd)


def _choose_variables(module: ModuleCommand) -> dict[str, str]:
    """Return those of a module's variables that an interpreter reads when it starts."""
    return {
        name: value for name, value in module.variables.items() if name.startswith(_READ_AT_START)
    }


def _find_owner() -> int:
    """Return the pid of ``ansible-playbook``: this process is it, or a worker of it."""
    parent = multiprocessing.parent_process()
    return parent.pid if parent is not None and parent.pid is not None else os.getpid()
