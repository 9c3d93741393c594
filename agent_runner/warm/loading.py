# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a resident process load, so that no playbook has to load it again?

Modules only, and no playbook is run: a run would leave threads, caches and settings behind that
a new ``ansible-playbook`` does not have. What is loaded depends on nothing but the installed
Ansible and its configuration; plugins of the content and of collections are loaded by each
playbook itself.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import tempfile
import threading
from pathlib import Path

from agent_runner.warm.priming import prime
from agent_runner.warm.templating import prepare_templating
from agent_runner.warm.waiting import wait_for_results

PROGRAM = Path(sys.executable).with_name("ansible-playbook")
"""The program that a fork takes the place of."""

LATE_MODULES = (
    "ansible._internal._errors._task_timeout",
    "ansible._internal._json._profiles._inventory_legacy",
    "agent_runner.warm.modules.archives",
    "agent_runner.warm.modules.counts",
    "agent_runner.warm.modules.exchange",
    "agent_runner.warm.modules.interpreters",
    "ansible.executor.playbook_executor",
    "ansible.executor.process.worker",
    "ansible.executor.task_executor",
    "ansible.module_utils._internal._json._profiles._module_legacy_c2m",
    "ansible.module_utils._internal._json._profiles._module_legacy_m2c",
    "ansible.module_utils.connection",
    "ansible.parsing.yaml.dumper",
    "ansible.playbook.handler",
    "ansible.playbook.handler_task_include",
    "ansible.playbook.included_file",
    "ansible.playbook.role_include",
    "multiprocessing.popen_fork",
    "multiprocessing.queues",
    "multiprocessing.synchronize",
    "pprint",
    "pty",
)
"""What a run loads when it first needs it; names that a version does not have are left out."""

PLUGINS = {
    "action": "add_host assemble assert async_status command copy debug fail fetch gather_facts"
    " group_by include_vars normal pause raw reboot script service set_fact set_stats shell"
    " template uri validate_argument_spec wait_for_connection",
    "become": "runas su sudo",
    "cache": "memory",
    "callback": "default junit minimal oneline tree",
    "connection": "_paramiko_ssh local paramiko_ssh psrp ssh winrm",
    "filter": "core encryption mathstuff urls urlsplit",
    "inventory": "yaml",
    "lookup": "env file fileglob first_found items password pipe sequence template together vars"
    " dict indexed_items lines list nested random_choice subelements varnames",
    "shell": "cmd powershell sh",
    "strategy": "free linear",
    "test": "core files mathstuff uri",
    "vars": "host_group_vars",
}
"""Of the plugins that come with Ansible those that playbooks use every day; of become, callback,
connection and shell each run loads all that there are."""


def load_ansible() -> None:
    """Load Ansible as ``ansible-playbook`` would, and what it would load later.

    Raises:
        Exception: whatever Ansible raises, for instance for an ``ansible.cfg`` it cannot use.
    """
    sys.argv = [str(PROGRAM)]
    sys.path.insert(0, str(PROGRAM.resolve().parent))  # as for any script
    with tempfile.TemporaryDirectory(prefix="myx-warm-") as scratch:
        os.environ["ANSIBLE_LOCAL_TEMP"] = scratch
        importlib.import_module("ansible.cli.playbook")
        for name in LATE_MODULES:
            _load(name)
        for kind, names in PLUGINS.items():
            load_plugins(kind, names.split())
        prime(PLUGINS)
        prepare_templating()
        wait_for_results()
    tempfile.tempdir = None  # where it is depends on each execution's environment


def load_plugins(kind: str, names: list[str]) -> None:
    """Load plugins, and leave their package as it is when Ansible's own loader has done so.

    Python makes each module an attribute of its package, where ``list`` and ``dict`` of the lookups
    would stand before those of the language.
    """
    package = importlib.import_module(f"ansible.plugins.{kind}")
    former = dict(vars(package))
    for name in names:
        _load(f"{package.__name__}.{name}")
    for name in names:
        if name in former:
            setattr(package, name, former[name])
        else:
            vars(package).pop(name, None)


def find_unfitness(former_fds: set[int]) -> str | None:
    """Return why this process must not be forked, or None.

    Args:
        former_fds: the descriptors that were open before Ansible was loaded.
    """
    if threading.active_count() > 1 or len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - names
        return "threads"  # a fork would copy one of them, and what the others have locked
    if list_fds() - former_fds:
        return "open_files"  # as with log_path: a fork would write into nowhere
    return None


def list_fds() -> set[int]:
    """Return the descriptors that are open."""
    fds = {int(name) for name in os.listdir("/proc/self/fd")}  # noqa: PTH208 - names only
    return {fd for fd in fds if _is_open(fd)}


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False  # the one that the list itself was read through
    return True


def _load(name: str) -> None:
    with contextlib.suppress(ImportError):  # a library that a plugin wants and nobody installed
        importlib.import_module(name)
