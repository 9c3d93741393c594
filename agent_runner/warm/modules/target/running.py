# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a fork become what a new interpreter with the module as its program would be?"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import importlib
import os
import signal
import sys
import threading
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from agent_runner.warm.modules.target.importing import import_from
from agent_runner.warm.modules.target.payloads import (
    Compiled,
    DeclinedError,
    compile_payload,
    name_payload,
    open_payload,
)
from agent_runner.warm.modules.target.requests import (
    ACCEPTED,
    DECLINED,
    GoneError,
    take_request,
)

if TYPE_CHECKING:
    import socket

    from agent_runner.warm.modules.target.caching import CodeCache
    from agent_runner.warm.modules.target.payloads import Payload
    from agent_runner.warm.modules.target.preloading import Preloaded
    from agent_runner.warm.modules.target.requests import Request

_FLUSH_FAILED = 120  # what Python returns when it cannot write what was printed


class Readiness(NamedTuple):
    """What a ready interpreter has, from which each module starts.

    ``added`` is what the shell that has started it had added to the environment it was given.
    """

    preloaded: Preloaded
    cache: CodeCache
    added: dict[str, str]


def become_module(connection: socket.socket, readiness: Readiness) -> NoReturn:
    """Run the module that is asked for on a connection, and end as an interpreter ends."""
    status = 1
    try:
        request, fds = take_request(connection)
        payload = open_payload(request.payload)
        compiled = _compile(payload, readiness)
        connection.sendall(ACCEPTED)
        _surround(request, fds, readiness.added)
        status = _run(payload, compiled, readiness, request.path)
    except DeclinedError as error:
        connection.sendall(DECLINED + str(error).encode())
    except GoneError:
        pass  # nobody waits for it
    finally:
        os._exit(status)


def _compile(payload: Payload, readiness: Readiness) -> Compiled:
    """Return the payload's code, from the cache where it was compiled before."""
    key = f"{name_payload(payload)}-{readiness.preloaded.digest}"
    kept = readiness.cache.find(key)
    if kept is not None:
        return Compiled(*kept)
    compiled = compile_payload(payload, readiness.preloaded.digests)
    readiness.cache.store(key, tuple(compiled))
    return compiled


def _surround(request: Request, fds: list[int], added: dict[str, str]) -> None:
    """Have the descriptors, the directory and the environment of a new interpreter."""
    output_fd, errors_fd, cwd_fd = fds
    read_fd, write_fd = os.pipe()
    os.close(write_fd)  # the input of a module has come to its end
    for number, fd in enumerate((read_fd, output_fd, errors_fd)):
        os.dup2(fd, number)
    os.fchdir(cwd_fd)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.umask(request.umask)
    environment = {**request.environment, **added}
    if "PWD" in environment:
        environment["PWD"] = _name_directory(environment["PWD"])
    _set_environment({**environment, **request.variables})
    time.tzset()
    sys.argv = [request.path or ""]
    sys.orig_argv = [sys.executable, *([request.path] if request.path else [])]
    sys.path[:0] = [""]
    importlib.invalidate_caches()


def _set_environment(wanted: dict[str, str]) -> None:
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _name_directory(claimed: str) -> str:
    """Return the working directory as a shell names it: as it was told, where that is true."""
    with contextlib.suppress(OSError):
        if claimed.startswith("/") and os.path.samestat(os.stat(claimed), os.stat(".")):  # noqa: PTH116 - text
            return claimed
    with contextlib.suppress(OSError):
        return os.getcwd()  # noqa: PTH109 - text
    return claimed


def _run(payload: Payload, compiled: Compiled, readiness: Readiness, path: str | None) -> int:
    """Run Ansible's wrapper, whose own code does all that is to be done."""
    main = ModuleType("__main__")
    main.__dict__["__builtins__"] = builtins
    if path is not None:
        main.__file__ = path
    sys.modules["__main__"] = main
    loader: Any = sys.modules["ansible.module_utils._internal._ansiballz._loader"]
    run_module = loader.run_module

    def run_moved(**arguments: Any) -> None:
        loader.run_module = run_module
        import_from(arguments["modlib_path"], compiled)
        readiness.preloaded.move_to(arguments["modlib_path"])
        run_module(**arguments)

    loader.run_module = run_moved
    status = _call(main, compiled, payload)
    with contextlib.suppress(AttributeError):
        threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - as the interpreter does
    atexit._run_exitfuncs()  # noqa: SLF001 - likewise
    return _flush() or status


def _call(main: ModuleType, compiled: Compiled, payload: Payload) -> int:
    try:
        exec(compiled.wrapper, main.__dict__)  # noqa: S102 - Ansible's program
        main.__dict__["_ansiballz_main"](**payload.arguments)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        sys.stderr.write(f"{end.code}\n")
        return 1
    except KeyboardInterrupt as error:
        _show(error)
        _flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        return 1
    except BaseException as error:  # noqa: BLE001 - as the interpreter does at its end
        _show(error)
        return 1
    return 0


def _show(error: BaseException) -> None:
    """Print an exception that nobody has caught, without this program's own part in it."""
    trace = error.__traceback__
    sys.excepthook(type(error), error, trace.tb_next if trace else None)


def _flush() -> int:
    """Write out what was printed; return what Python returns where it cannot."""
    status = 0
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            status = _FLUSH_FAILED if stream is sys.stdout else status
    return status
