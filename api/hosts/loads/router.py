# SPDX-License-Identifier: GPL-3.0-or-later
"""Which route tells how busy a host was?"""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth.permissions import READ_HOSTS
from api.auth.requirements import allow
from api.core.problem import describe_errors
from api.dependencies import RequestServices
from api.hosts.errors import HostNotFoundError
from api.hosts.loads.schemas import LoadHistory, LoadQuery
from api.hosts.router import KnownHost

router = APIRouter(prefix="/hosts", tags=["hosts"])


@router.get(
    "/{name}/load",
    summary="Show load, memory and disk of a host over time",
    operation_id="get_host_load",
    dependencies=[allow(READ_HOSTS)],
    responses=describe_errors(HostNotFoundError),
)
async def get_host_load(
    name: KnownHost, query: Annotated[LoadQuery, Query()], services: RequestServices
) -> LoadHistory:
    """Mean and highest in each step of time, of one sample in five minutes; 400 steps at most."""
    return await services.host_loads.read_history(name, query)
