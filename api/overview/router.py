# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes has the overview?"""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth.permissions import READ_RUNS
from api.auth.requirements import RequestScope, allow
from api.dependencies import RequestComposition, RequestServices
from api.overview.schemas import History, HistoryQuery, Overview

router = APIRouter(prefix="/overview", tags=["overview"], dependencies=[allow(READ_RUNS)])


@router.get("", summary="How do things stand?", operation_id="get_overview")
async def get_overview(
    services: RequestServices, composition: RequestComposition, scope: RequestScope
) -> Overview:
    """Count hosts, what runs, what waits, and what has ended within a day."""
    behind = composition.monitor.read_log_behind() if scope.is_unlimited else None
    return await services.overview.read_overview(behind)


@router.get("/history", summary="How did runs go over time?", operation_id="get_overview_history")
async def get_overview_history(
    query: Annotated[HistoryQuery, Query()], services: RequestServices
) -> History:
    """Count the runs that ended in each step of time, and say how long they took."""
    return await services.overview.read_history(query)
