# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes has the audit?"""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.audit.schemas import AuditQuery, Entry, Verification
from api.auth.permissions import READ_AUDIT
from api.auth.requirements import allow
from api.core.paging import Page, build_page
from api.dependencies import RequestComposition, RequestServices

router = APIRouter(prefix="/audit", tags=["audit"], dependencies=[allow(READ_AUDIT)])


@router.get("", summary="List the audit", operation_id="list_audit")
async def list_audit(
    request: Request, query: Annotated[AuditQuery, Query()], services: RequestServices
) -> Page[Entry]:
    """List who did what, newest first, filtered and in pages."""
    return build_page(request.url, query, await services.audit.list_entries(query))


@router.get("/verification", summary="Verify the audit", operation_id="verify_audit")
async def verify_audit(composition: RequestComposition) -> Verification:
    """Look at every entry again: none changed, missing or moved, and none cut off at the end."""
    return await composition.access.verifier.verify()
