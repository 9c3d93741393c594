# SPDX-License-Identifier: GPL-3.0-or-later
"""What do requests and answers about the whole inventory look like?"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

MAX_IMPORT_BYTES = 64 * 1024 * 1024
"""The largest inventory that is taken over at once: 6 KiB for each of 10,000 hosts."""


class InventoryImport(BaseModel):
    """An inventory as ``ansible-inventory --list --export`` prints it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inventory: Annotated[
        dict[str, Any],
        Field(
            description="Groups by name with 'hosts', 'children' and 'vars'; '_meta.hostvars'",
            examples=[{"web": {"hosts": ["web1"]}, "_meta": {"hostvars": {"web1": {}}}}],
        ),
    ]
    secret_variables: Annotated[
        list[str],
        Field(
            max_length=100,
            description="Variables whose names fit one of these globs are kept sealed",
            examples=[["vault_*", "*_password"]],
        ),
    ] = []
    dry_run: Annotated[bool, Field(description="Change nothing, say what would change")] = False
    prune: Annotated[
        bool,
        Field(
            description="Remove also what the inventory does not have: hosts without an agent, "
            "groups, and variables and children of groups"
        ),
    ] = False


class Changes(BaseModel):
    """What became, or would become, of hosts or of groups."""

    created: list[str] = []
    updated: list[str] = []
    removed: list[str] = []
    unchanged: Annotated[int, Field(description="How many stay as they are")] = 0


class ImportResult(BaseModel):
    """What came of an import."""

    dry_run: bool
    hosts: Changes
    groups: Changes
    warnings: list[str]
