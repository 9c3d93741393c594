# SPDX-License-Identifier: GPL-3.0-or-later
"""Which HTTP routes does the whole inventory have?"""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.auth.permissions import IMPORT_INVENTORY, READ_HOSTS
from api.auth.requirements import allow
from api.core.errors import ConflictError, TooLargeError
from api.core.problem import describe_errors
from api.dependencies import RequestComposition, RequestServices
from api.hosts.errors import HostNotFoundError
from api.inventory.document import read_inventory
from api.inventory.schemas import ImportResult, InventoryImport

router = APIRouter(prefix="/inventory", tags=["inventory"])


@router.get(
    "",
    summary="Export the inventory",
    operation_id="get_inventory",
    dependencies=[allow(READ_HOSTS)],
    responses=describe_errors(HostNotFoundError),
)
async def get_inventory(
    services: RequestServices,
    host: Annotated[
        str | None, Query(description="Only the variables of this host, as --host prints them")
    ] = None,
) -> dict[str, Any]:
    """Answer what a script inventory of Ansible prints for `--list`; secrets are left out."""
    if host is not None:
        return await services.inventory.export_host(host)
    return await services.inventory.export()


@router.post(
    "/import",
    summary="Take over an inventory",
    operation_id="import_inventory",
    dependencies=[allow(IMPORT_INVENTORY)],
    responses=describe_errors(ConflictError, TooLargeError),
)
async def import_inventory(body: InventoryImport, composition: RequestComposition) -> ImportResult:
    """Make hosts and groups what the inventory says, in one transaction; again changes nothing.

    A host gets exactly the variables and groups that it has there. Groups are created, and their
    variables and children added. `ansible_host`, `ansible_port` and `ansible_user` become fields.
    """
    inventory = await asyncio.to_thread(read_inventory, body.inventory, body.secret_variables)
    async with composition.unit_of_work(read_only=body.dry_run) as services:
        return await services.inventory.take_over(inventory, prune=body.prune, dry_run=body.dry_run)
