# SPDX-License-Identifier: GPL-3.0-or-later
"""Which state of a loaded Ansible is one execution's own, and how does it begin and end?

Everything here is what a new interpreter and a newly loaded Ansible would have made for
themselves: what depends on the environment, what is random, what is one process's own.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import multiprocessing
import os
import random
import secrets
import sys
import tempfile
import threading
import time
import traceback
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from agent_runner.warm.loading import PROGRAM
from agent_runner.warm.releasing import release_plugins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_AUTHKEY_BYTES = 32
_FLUSH_FAILED = 120  # what Python returns when it cannot write what was printed


def renew_state(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Make this process's state that of a newly loaded ``ansible-playbook``.

    Raises:
        Exception: something is not as it is in the versions of Ansible that are known.
    """
    sys.argv = list(argv)
    main = ModuleType("__main__")
    main.__file__ = str(PROGRAM)
    sys.modules["__main__"] = main
    sys.setrecursionlimit(sys.getrecursionlimit() + len(traceback.extract_stack()))
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    tempfile.tempdir = None
    _renew_randomness()
    _renew_scratch()
    release_plugins()
    os.register_at_fork(after_in_child=gc.freeze)  # the collector would write to shared pages


def _renew_randomness() -> None:
    random.seed()
    multiprocessing.current_process().authkey = os.urandom(_AUTHKEY_BYTES)
    identifiers: Any = importlib.import_module("ansible.utils.vars")
    identifiers.random_int = f"{secrets.randbelow(2**32):08x}"
    identifiers.cur_id = 0


def _renew_scratch() -> None:
    """Give it a folder for scratch files, which goes when it ends, as Ansible does it."""
    constants: Any = importlib.import_module("ansible.constants")
    paths: Any = importlib.import_module("ansible.utils.path")
    atexit.unregister(paths.cleanup_tmp_file)  # that of the resident process is gone
    folder = constants.config.get_config_value("DEFAULT_LOCAL_TMP", variables=vars(constants))
    constants.set_constant("DEFAULT_LOCAL_TMP", folder)


def enter_ansible() -> NoReturn:
    """Run ``ansible-playbook`` and end as an interpreter ends."""
    status = _run()
    threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - what the interpreter calls
    atexit._run_exitfuncs()  # noqa: SLF001 - likewise
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        status = status or _FLUSH_FAILED
    os._exit(status & 0xFF)


def _run() -> int:
    playbook: Any = importlib.import_module("ansible.cli.playbook")
    try:
        playbook.main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException as error:  # noqa: BLE001 - as the interpreter does at its end
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0
