#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that tells all that it can see of how it was started."""

import atexit
import inspect
import locale
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import zipfile

from ansible.module_utils import odd_words
from ansible.module_utils._internal._ansiballz import _respawn
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common import validation

import __main__

STATUS = ("SigBlk", "SigIgn", "SigCgt", "Threads", "CapEff", "NoNewPrivs", "Seccomp")


def see_process() -> dict:
    """Tell what the kernel knows."""
    with open("/proc/self/status") as stream:
        status = [line.strip() for line in stream if line.startswith(STATUS)]
    session, group = os.getsid(0), os.getpgid(0)
    umask = os.umask(0o22)
    os.umask(umask)
    return {
        "status": status,
        "leads": [session == os.getpid(), group == os.getpid(), group == session],
        "limits": [resource.getrlimit(number) for number in range(resource.RLIM_NLIMITS)]
        if hasattr(resource, "RLIM_NLIMITS")
        else resource.getrlimit(resource.RLIMIT_NOFILE),
        "fds": sorted(os.listdir("/proc/self/fd")),
        "kinds": [oct(os.fstat(number).st_mode) for number in range(3)],
        "cwd": os.getcwd(),
        "umask": umask,
        "environment": dict(os.environ),
    }


def see_interpreter() -> dict:
    """Tell what Python knows of itself."""
    return {
        "argv": sys.argv,
        "path": sys.path,
        "flags": str(sys.flags),
        "programs": [sys.executable, sys.prefix, sys.base_prefix],
        "recursion": sys.getrecursionlimit(),
        "locale": [locale.setlocale(locale.LC_ALL), sys.getfilesystemencoding()],
        "signals": [str(signal.getsignal(n)) for n in sorted(signal.valid_signals())],
        "zone": time.tzname,
        "streams": [str(sys.stdin), str(sys.stdout), str(sys.stderr)],
        "errors": [sys.stdin.errors, sys.stdout.errors, sys.stderr.errors],
        "input": sys.stdin.read(),
        "threads": [thread.name for thread in threading.enumerate()],
        "loaded": sorted(sys.modules),
    }


def see_module() -> dict:
    """Tell what the import system knows of this module and of those that came with it."""
    basic, ansible = sys.modules["ansible.module_utils.basic"], sys.modules["ansible"]
    return {
        "main": [
            __file__,
            __name__,
            __package__,
            str(__spec__),
            getattr(__main__, "_module_fqn", 0),
        ],
        "basic": [basic.__file__, basic.__cached__, str(basic.__spec__.origin)],
        "loaders": [basic.__loader__.archive, basic.__loader__.prefix],
        "paths": [list(ansible.__path__), list(ansible.module_utils.__path__)],
        "source": inspect.getsource(validation.check_type_int),
        "respawn": _respawn.create_payload().splitlines()[:-8],
        "traceback": odd_words.describe_failure(),
        "archive": sorted(zipfile.ZipFile(__main__._modlib_path).namelist()),
    }


def end_thread() -> None:
    """End after the module has said what it has to say."""
    time.sleep(0.2)
    sys.stderr.write("a thread\n")


def misbehave(way: str) -> None:
    """End, or go on, in an odd way."""
    if way == "raise":
        raise RuntimeError("boom")
    if way in {"SIGKILL", "SIGTERM", "SIGSEGV"}:
        os.kill(os.getpid(), getattr(signal, way))
    if way == "exit":
        sys.exit(7)
    if way == "words":
        sys.exit("last words")
    if way == "noise":
        print("noise")
        sys.stderr.write("errors\n")
    if way == "atexit":
        atexit.register(sys.stderr.write, "at the end\n")
    if way == "thread":
        threading.Thread(target=end_thread).start()
    if way == "session" and os.setsid() is None and os.fork() == 0:
        time.sleep(0.2)
        os._exit(0)


def main() -> None:
    """Run the module."""
    arguments = {
        "value": {"type": "raw"},
        "secret": {"type": "str", "no_log": True},
        "way": {"type": "str"},
        "size": {"type": "int", "default": 0},
    }
    module = AnsibleModule(argument_spec=arguments, supports_check_mode=True)
    if module.params["way"] == "nothing":
        return
    misbehave(module.params["way"])
    script = "umask; pwd; ls /proc/self/fd; env | sort; cat"
    module.exit_json(
        value=module.params["value"],
        large="x" * module.params["size"],
        check=module.check_mode,
        diff=module._diff,
        process=see_process(),
        interpreter=see_interpreter(),
        module=see_module(),
        child=subprocess.run(
            ["sh", "-c", script], stdout=subprocess.PIPE, check=True
        ).stdout.decode(),
    )


if __name__ == "__main__":
    main()
