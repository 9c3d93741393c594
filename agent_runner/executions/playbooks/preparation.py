# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a playbook find on the disk, and what is its supervisor told to run?

The extra variables travel in a file, never in an argument vector.
"""

import json
from pathlib import Path, PurePosixPath

from agent_runner.config import Limits
from agent_runner.executions.environment import build_environment, find_account
from agent_runner.executions.folder import Folder
from agent_runner.executions.playbooks.ansible_cfg import build_settings
from agent_runner.executions.playbooks.inventory import build_limit, write_inventory, write_private
from agent_runner.executions.supervisor.launch import Launch, Playbook
from agent_runner.protocol.errors import InvalidParamsError
from agent_runner.protocol.methods import ExecuteAnsibleParams
from agent_runner.warm.modules.settings import allow_warm_modules


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
    folder: Folder, bundle: Path, params: ExecuteAnsibleParams, limits: Limits, *, warm: bool
) -> Launch:
    """Lay out the private data directory of a playbook and return what to run.

    Args:
        folder: the execution's.
        bundle: where the content lies.
        params: what is asked for.
        limits: what may be used of the host.
        warm: whether this host starts playbooks and modules from what is loaded.

    Raises:
        InvalidParamsError: the inventory is none.
        OSError: the spool cannot be written.
    """
    for directory in (folder.runner, folder.runner / "env", folder.tmp):
        directory.mkdir(mode=0o700)
    is_warm = warm and params.warm
    if is_warm:
        allow_warm_modules(folder.path)
    if params.extra_vars:
        write_private(folder.runner / "env" / "extravars", json.dumps(params.extra_vars))
    inventory = write_inventory(folder.runner / "inventory", bundle, params)
    return Launch(
        kind="playbook",
        argv=["ansible-playbook"],
        env=_build_environment(folder, bundle),
        cwd=str(bundle),
        timeout_s=params.timeout,
        cancel_grace_s=limits.cancel_grace_s,
        log_max_bytes=limits.log_max_bytes,
        secrets=params.secrets,
        emits_events=True,
        playbook=_describe(folder, bundle, inventory, params),
        events_max_bytes=limits.events_max_bytes,
        warm=is_warm,
    )


def _build_environment(folder: Folder, bundle: Path) -> dict[str, str]:
    return {
        **build_environment(folder, find_account(None)),
        **build_settings(bundle),
        # Ansible's own scratch files may hold rendered secrets: they go when the folder goes.
        "ANSIBLE_LOCAL_TEMP": str(folder.tmp),
    }


def _describe(
    folder: Folder, bundle: Path, inventory: Path, params: ExecuteAnsibleParams
) -> Playbook:
    modes = (("--check", params.check), ("--diff", params.diff))
    return Playbook(
        ident=folder.command_id,
        private_data_dir=str(folder.runner),
        bundle=str(bundle),
        path=params.playbook,
        inventory=str(inventory),
        limit=build_limit(params),
        verbosity=params.verbosity,
        tags=params.tags,
        skip_tags=params.skip_tags,
        modes=[option for option, wanted in modes if wanted],
    )
