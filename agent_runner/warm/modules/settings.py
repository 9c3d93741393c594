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

_SCRATCH = "tmp/modules"

PATH_VARIABLE = "ANSIBLE_CONNECTION_PLUGINS"


def build_settings(configured: str | None) -> dict[str, str]:
    """Return the variables for ``ansible-playbook``.

    They are the same whether modules run warm or not: the environment is nothing that a playbook
    could see a difference in.

    Args:
        configured: what the content's ``ansible.cfg`` says of ``connection_plugins``.
    """
    return {
        PATH_VARIABLE: f"{configured or DEFAULT_CONNECTION_PLUGINS}{os.pathsep}{CONNECTION_FOLDER}"
    }


def allow_warm_modules(execution: Path) -> None:
    """Let the modules of an execution run in ready interpreters; without this none does.

    Raises:
        OSError: its folder cannot be written.
    """
    locate_scratch(execution).mkdir(mode=0o700)


def find_execution() -> Path | None:
    """Return the folder of the execution that this process belongs to, if its modules run warm."""
    folder = os.environ.get(MARKER)
    if not folder or not os.path.isdir(f"{folder}/{_SCRATCH}"):  # noqa: PTH112 - often in each task
        return None
    return Path(folder)


def locate_scratch(execution: Path) -> Path:
    """Return where an execution's ready interpreters are reached; it goes when it ends."""
    return execution / _SCRATCH


def locate_cache(execution: Path) -> Path:
    """Return where compiled modules are kept on this host."""
    return execution.parent.parent / CACHE_NAME
