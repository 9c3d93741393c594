# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the control plane there?"""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from agent_runner import __version__

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The control plane is there."""

    status: Literal["ok"] = "ok"
    version: Annotated[str, Field(description="Version of MyX")] = __version__


@router.get("/healthz", summary="Is the control plane there?", operation_id="get_health")
async def get_health() -> Health:
    """Answer as soon as the control plane serves; needs no token."""
    return Health()
