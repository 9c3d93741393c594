# SPDX-License-Identifier: GPL-3.0-or-later
"""What exactly is run for a playbook: command line, environment, working directory?

ansible-runner says so (``RunnerConfig``); its own loop is not used. The extra variables travel
in a file, never in an argument vector.
"""

import json
import os
import sys
from pathlib import Path, PurePosixPath

from ansible_runner.config.runner import RunnerConfig
from ansible_runner.exceptions import ConfigurationError

from agent_runner.config import Limits
from agent_runner.executions.environment import build_environment, find_account
from agent_runner.executions.folder import Folder
from agent_runner.executions.playbooks.ansible_cfg import build_settings
from agent_runner.executions.playbooks.inventory import build_limit, write_inventory, write_private
from agent_runner.executions.supervisor.launch import Launch
from agent_runner.protocol.errors import InternalError, InvalidParamsError
from agent_runner.protocol.methods import ExecuteAnsibleParams

STDOUT_CALLBACK = "myx_display"

_UNWANTED = (
    "ANSIBLE_HOST_KEY_CHECKING",  # ansible-runner switches it off; Ansible's own default holds
    "AWX_ISOLATED_DATA_DIR",  # where awx_display would leave a file for each event
)

_FACT_CACHE_OF_THE_BUNDLE = "memory"  # anything but "jsonfile" leaves the choice to ansible.cfg


def check_playbook_path(playbook: str) -> None:
    """Refuse a playbook outside the content bundle, or one that reads like an option.

    Raises:
        InvalidParamsError: it is absolute, climbs out, or begins with a dash.
    """
    path = PurePosixPath(playbook)
    if path.is_absolute() or ".." in path.parts or playbook.startswith("-") or "\0" in playbook:
        raise InvalidParamsError(
            f"playbook: '{playbook}' must be a path inside the content, like playbooks/site.yml"
        )


def prepare_playbook(
    folder: Folder, bundle: Path, params: ExecuteAnsibleParams, limits: Limits
) -> Launch:
    """Lay out the private data directory of a playbook and return what to run.

    Raises:
        InvalidParamsError: the inventory is none.
        OSError: the spool cannot be written.
    """
    for directory in (folder.runner, folder.runner / "env", folder.tmp):
        directory.mkdir(mode=0o700)
    if params.extra_vars:
        write_private(folder.runner / "env" / "extravars", json.dumps(params.extra_vars))
    inventory = write_inventory(folder.runner / "inventory", bundle, params)
    environment = _build_environment(folder, bundle)
    config = _configure(folder, bundle, params, inventory, environment)
    return Launch(
        kind="playbook",
        argv=_complete_command(list(config.command), params),
        env=_take_environment(config.env, environment),
        cwd=str(config.cwd),
        timeout_s=params.timeout,
        cancel_grace_s=limits.cancel_grace_s,
        log_max_bytes=limits.log_max_bytes,
        secrets=params.secrets,
        emits_events=True,
    )


def _build_environment(folder: Folder, bundle: Path) -> dict[str, str]:
    return {
        **build_environment(folder, find_account(None)),
        **build_settings(bundle),
        # Ansible's own scratch files may hold rendered secrets: they go when the folder goes.
        "ANSIBLE_LOCAL_TEMP": str(folder.tmp),
    }


def _configure(
    folder: Folder,
    bundle: Path,
    params: ExecuteAnsibleParams,
    inventory: Path,
    environment: dict[str, str],
) -> RunnerConfig:
    config = RunnerConfig(
        private_data_dir=str(folder.runner),
        project_dir=str(bundle),
        host_cwd=str(bundle),
        ident=folder.command_id,
        playbook=params.playbook,
        inventory=str(inventory),
        limit=build_limit(params),
        verbosity=params.verbosity or None,
        tags=",".join(params.tags) or None,
        skip_tags=",".join(params.skip_tags) or None,
        envvars=environment,
        fact_cache_type=_FACT_CACHE_OF_THE_BUNDLE,
    )
    try:
        config.prepare()
    except ConfigurationError as error:
        raise InternalError(f"ansible-runner refuses its configuration: {error}") from error
    return config


def _complete_command(command: list[str], params: ExecuteAnsibleParams) -> list[str]:
    """Return the command with the program of our own environment and the modes of the run."""
    modes = [
        option for option, wanted in (("--check", params.check), ("--diff", params.diff)) if wanted
    ]
    return [str(Path(sys.executable).parent / command[0]), *modes, *command[1:]]


def _take_environment(prepared: dict[str, str], ours: dict[str, str]) -> dict[str, str]:
    """Return our variables and what ansible-runner has added, but nothing of the agent's own."""
    added = {name: value for name, value in prepared.items() if name not in os.environ}
    for name in _UNWANTED:
        added.pop(name, None)
    return {**added, **ours, "ANSIBLE_STDOUT_CALLBACK": STDOUT_CALLBACK}
