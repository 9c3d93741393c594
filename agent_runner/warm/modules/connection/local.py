# SPDX-License-Identifier: GPL-3.0-or-later
"""How do modules on this host run without a new interpreter for each?

Ansible's own local connection, under its own name, with one more way for modules written in
Python. All else, and all that this way cannot do exactly so, is the stock connection's.

Loaded by ansible-playbook, never by the agent.
"""

from __future__ import annotations

import contextlib
import importlib.util
import multiprocessing
import os
from pathlib import Path
from typing import Any

import ansible
from ansible import constants, release
from ansible.plugins.loader import module_utils_loader
from ansible.utils.display import Display

from agent_runner.warm.modules.archives import Places, keep_archives, offer_archives
from agent_runner.warm.modules.commands import (
    ModuleCommand,
    NotUnderstoodError,
    recognize_module,
)
from agent_runner.warm.modules.counts import WARM, note_module
from agent_runner.warm.modules.exchange import run_module, tell_as_shell
from agent_runner.warm.modules.interpreters import (
    Ansible,
    connect,
    locate_interpreter,
    remember_interpreter,
    start_early,
)
from agent_runner.warm.modules.settings import find_execution, locate_cache
from agent_runner.warm.modules.target.requests import Request, describe_environment

DOCUMENTATION = """
    name: local
    short_description: execute on controller
    description:
      - Ansible's local connection, which runs Python modules in forks of a ready interpreter.
    author: MyX
    version_added: "0.1.0"
    options:
      become_success_timeout:
        type: int
        default: 10
        description:
          - Number of seconds to wait for become to succeed when enabled.
          - The default will be used if the configured value is less than 1.
        vars:
          - name: ansible_local_become_success_timeout
      become_strip_preamble:
        type: bool
        default: true
        description:
          - Strip internal become output preceding command execution.
          - Disable for additional diagnostics.
        vars:
          - name: ansible_local_become_strip_preamble
      pipelining:
        type: boolean
        description:
          - Whether modules are handed over without files.
          - Where nothing is set, those are that run as the account of the playbook, and those that
            become another one are not.
        env:
          - name: ANSIBLE_PIPELINING
        ini:
          - section: defaults
            key: pipelining
          - section: connection
            key: pipelining
        vars:
          - name: ansible_pipelining
"""

SHOWS_COMMANDS = 3
"""From so many ``-v`` on the commands are printed: they are to be those of the stock way then."""

_PACKAGE = Path(ansible.__file__).parent
_ANSIBLE = Ansible(str(_PACKAGE), release.__version__, release.__author__)


def _load_stock() -> Any:
    """Return Ansible's own plugin; under its own name Ansible has loaded this one."""
    path = _PACKAGE / "plugins" / "connection" / "local.py"
    spec = importlib.util.spec_from_file_location("ansible.plugins.connection.stock_local", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


display = Display()
stock = _load_stock()


class Connection(stock.Connection):  # type: ignore[misc,name-defined] # ansible-core has no types
    """Ansible's local connection, with ready interpreters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what Ansible gives, before it makes the archive of any module."""
        super().__init__(*args, **kwargs)
        execution = find_execution()
        if execution is not None:
            _share_archives(offer_archives, execution)

    def is_pipelining_enabled(self, wrap_async: bool = False) -> bool:  # noqa: FBT001, FBT002 - Ansible's
        """Hand modules over without files, unless somebody says otherwise."""
        is_shown = display.verbosity >= SHOWS_COMMANDS
        is_chosen = is_shown or self.get_option("pipelining") is not None
        if is_chosen or self._becomes_another() or find_execution() is None:
            return bool(super().is_pipelining_enabled(wrap_async))
        return not constants.DEFAULT_KEEP_REMOTE_FILES and not wrap_async

    def exec_command(
        self,
        cmd: str,
        in_data: bytes | None = None,
        sudoable: bool = True,  # noqa: FBT001, FBT002 - Ansible's signature
    ) -> tuple[int, bytes, bytes]:
        """Run a command, a module in a fork of a ready interpreter where that is the same."""
        execution = find_execution()
        if execution is not None:
            try:
                module = recognize_module(cmd, has_input=bool(in_data))
                if module is not None:
                    result = self._run_warm(execution, module, cmd, in_data)
                    note_module(execution, WARM)
                    _share_archives(keep_archives, execution)
                    with contextlib.suppress(OSError):
                        remember_interpreter(execution, module)
                    return result
            except NotUnderstoodError as reason:
                note_module(execution, str(reason))
        stock_way: Any = super().exec_command
        ended: tuple[int, bytes, bytes] = stock_way(cmd, in_data=in_data, sudoable=sudoable)
        return ended

    def _run_warm(
        self, execution: Path, module: ModuleCommand, cmd: str, in_data: bytes | None
    ) -> tuple[int, bytes, bytes]:
        """Run a module warm.

        Raises:
            NotUnderstoodError: nothing was run.
        """
        if module.shell != constants.DEFAULT_EXECUTABLE:
            raise NotUnderstoodError("shell")
        payload = in_data if module.path is None else _read(module.path)
        umask = os.umask(0)
        os.umask(umask)
        environment = describe_environment()
        request = Request(environment, module.variables, umask, module.path, payload or b"")
        try:
            place = locate_interpreter(execution, module)
            with connect(place, module, _ANSIBLE) as connection:
                self._connect()
                host = self._play_context.remote_addr
                display.vvv(f"EXEC {cmd}", host=host)
                ended = run_module(connection, request, self.cwd or ".")
        except OSError as error:
            raise NotUnderstoodError("unusable") from error
        return tell_as_shell(ended)

    def _becomes_another(self) -> bool:
        """Tell whether a command might run as another account than the playbook."""
        become: Any = self.become
        if not become:
            return False
        wanted = become.get_option("become_user", playcontext=self._play_context)
        return bool(constants.BECOME_ALLOW_SAME_USER or wanted != self.default_user)


def _share_archives(share: Any, execution: Path) -> None:
    """Take or give archives of modules; that this fails is no reason for a task to fail."""
    run = Path(constants.DEFAULT_LOCAL_TMP) / "ansiballz_cache"
    folders = module_utils_loader._get_paths(subdirs=False)  # noqa: SLF001 - as archives are made
    with contextlib.suppress(OSError):
        share(Places(_PACKAGE, run, locate_cache(execution)), folders)


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise NotUnderstoodError("payload") from error


def _prepare() -> None:
    """Where ``ansible-playbook`` itself loads this, have an interpreter before a worker asks."""
    execution = find_execution()
    if execution is not None and multiprocessing.parent_process() is None:
        with contextlib.suppress(OSError, NotUnderstoodError):
            start_early(execution, _ANSIBLE)


_prepare()
