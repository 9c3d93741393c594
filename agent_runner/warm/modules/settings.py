# SPDX-License-Identifier: GPL-3.0-or-later
"""How does an ``ansible-playbook`` come to run its modules in ready interpreters?

By a connection plugin with the name of Ansible's own, behind all others in the search path: a
plugin ``local`` of the content's or the host's own is found first, and stays what it is.
"""

from __future__ import annotations

import os
from pathlib import Path

from agent_runner.executions.processes import MARKER

DEFAULT_CONNECTION_PLUGINS = "~/.ansible/plugins/connection:/usr/share/ansible/plugins/connection"
"""Where Ansible searches if nothing is set."""

CONNECTION_FOLDER = Path(__file__).parent / "connection"
"""Where the plugin lies."""

CACHE_NAME = "warm"
"""The folder beside the executions for what is kept from one execution to the next."""

PATH_VARIABLE = "ANSIBLE_CONNECTION_PLUGINS"


def build_settings(configured: str | None, *, enabled: bool) -> dict[str, str]:
    """Return the variables for ``ansible-playbook``; none where it is to be the stock one.

    Args:
        configured: what the content's ``ansible.cfg`` says of ``connection_plugins``.
        enabled: whether modules may run in ready interpreters.
    """
    if not enabled:
        return {}
    return {
        PATH_VARIABLE: f"{configured or DEFAULT_CONNECTION_PLUGINS}{os.pathsep}{CONNECTION_FOLDER}"
    }


def find_execution() -> Path | None:
    """Return the folder of the execution that this process belongs to, where there is one."""
    folder = os.environ.get(MARKER)
    return Path(folder) if folder else None


def locate_scratch(execution: Path) -> Path:
    """Return where an execution's ready interpreters are reached; it goes when it ends."""
    return execution / "tmp" / "modules"


def locate_cache(execution: Path) -> Path:
    """Return where compiled modules are kept on this host."""
    return execution.parent.parent / CACHE_NAME


def forget_settings() -> None:
    """Leave no trace of ``build_settings`` in the environment that programs inherit."""
    paths = os.environ.get(PATH_VARIABLE, "").split(os.pathsep)
    if paths[-1] == str(CONNECTION_FOLDER):
        del os.environ[PATH_VARIABLE]
