# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes does whoever watches the control plane ask?"""

from typing import Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from api.auth.errors import PermissionDeniedError
from api.auth.permissions import READ_METRICS
from api.auth.requirements import allow, get_principal
from api.core.errors import AuthenticationError
from api.core.problem import describe_errors
from api.dependencies import RequestComposition
from api.metrics.errors import NotReadyError
from api.metrics.figures import MEDIA_TYPE

METRICS_PATH = "/metrics"

router = APIRouter(tags=["health"])


class Readiness(BaseModel):
    """Database, durable engine and disk are as they should be."""

    status: Literal["ready"] = "ready"


@router.get(
    METRICS_PATH,
    summary="Figures for Prometheus",
    operation_id="get_metrics",
    dependencies=[Depends(get_principal), allow(READ_METRICS)],
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **describe_errors(AuthenticationError, PermissionDeniedError),
    },
)
async def get_metrics(composition: RequestComposition) -> Response:
    """Answer in Prometheus's text format; needs a token with the role viewer."""
    return Response(await composition.monitor.write_figures(), media_type=MEDIA_TYPE)


@router.get(
    "/readyz",
    summary="Can the control plane work?",
    operation_id="get_readiness",
    responses=describe_errors(NotReadyError),
)
async def get_readiness(composition: RequestComposition) -> Readiness:
    """Look at database, engine and disk; needs no token. 503 where one of them fails."""
    await composition.monitor.check()
    return Readiness()
