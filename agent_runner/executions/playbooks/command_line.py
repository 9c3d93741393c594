# SPDX-License-Identifier: GPL-3.0-or-later
"""Which command line, environment and working directory does ``ansible-playbook`` get?

ansible-runner says so (``RunnerConfig``); its own loop is not used. This runs in the supervisor,
so that the agent never loads ansible-runner.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from ansible_runner.config.runner import RunnerConfig
from ansible_runner.exceptions import ConfigurationError

from agent_runner.executions.supervisor.launch import Launch, Playbook, UnusableLaunchError

STDOUT_CALLBACK = "myx_display"

_UNWANTED = (
    "ANSIBLE_HOST_KEY_CHECKING",  # ansible-runner switches it off; Ansible's own default holds
    "AWX_ISOLATED_DATA_DIR",  # where awx_display would leave a file for each event
)

_FACT_CACHE_OF_THE_BUNDLE = "memory"  # anything but "jsonfile" leaves the choice to ansible.cfg


def complete_launch(launch: Launch, playbook: Playbook) -> Launch:
    """Return the launch with what ``ansible-playbook`` needs.

    Raises:
        UnusableLaunchError: ansible-runner refuses it.
        OSError: the spool cannot be written.
    """
    config = _configure(launch, playbook)
    return launch._replace(
        argv=_build_command(list(config.command), playbook),
        env=_take_environment(config.env, launch.env),
        cwd=str(config.cwd),
    )


def find_additions(env: dict[str, str], bundle: str) -> dict[str, str]:
    """Return the variables that ansible-runner gives every playbook of this bundle.

    Raises:
        UnusableLaunchError: ansible-runner refuses it.
        OSError: there is no room for its folder.
    """
    with tempfile.TemporaryDirectory(prefix="myx-runner-") as folder:
        playbook = Playbook("any", folder, bundle, "any.yml", folder, "all", 0, [], [], [])
        launch = Launch("playbook", [], env, bundle, None, 0.0, 0, [], playbook=playbook)
        completed = complete_launch(launch, playbook).env
    return {name: value for name, value in completed.items() if env.get(name) != value}


def _configure(launch: Launch, playbook: Playbook) -> RunnerConfig:
    config = RunnerConfig(
        private_data_dir=playbook.private_data_dir,
        project_dir=playbook.bundle,
        host_cwd=playbook.bundle,
        ident=playbook.ident,
        playbook=playbook.path,
        inventory=playbook.inventory,
        limit=playbook.limit,
        verbosity=playbook.verbosity or None,
        tags=",".join(playbook.tags) or None,
        skip_tags=",".join(playbook.skip_tags) or None,
        envvars=launch.env,
        fact_cache_type=_FACT_CACHE_OF_THE_BUNDLE,
    )
    try:
        config.prepare()
    except ConfigurationError as error:
        raise UnusableLaunchError(f"ansible-runner refuses its configuration: {error}") from error
    return config


def _build_command(command: list[str], playbook: Playbook) -> list[str]:
    """Return the command with the program of our own environment and the modes of the run."""
    return [str(Path(sys.executable).parent / command[0]), *playbook.modes, *command[1:]]


def _take_environment(prepared: dict[str, str], ours: dict[str, str]) -> dict[str, str]:
    """Return our variables and what ansible-runner has added, but nothing of this process's own."""
    added = {name: value for name, value in prepared.items() if name not in os.environ}
    for name in _UNWANTED:
        added.pop(name, None)
    return {**added, **ours, "ANSIBLE_STDOUT_CALLBACK": STDOUT_CALLBACK}
