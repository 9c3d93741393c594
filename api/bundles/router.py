# SPDX-License-Identifier: GPL-3.0-or-later
"""Which HTTP routes do content bundles have?"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response, status

from api.auth.permissions import READ_CONTENT, WRITE_CONTENT
from api.auth.requirements import allow
from api.bundles.errors import BundleNotFoundError, BundleRejectedError, BundleTooLargeError
from api.bundles.schemas import Bundle, BundleQuery, Digest
from api.core.errors import InvalidInputError
from api.core.paging import Page, build_page
from api.core.problem import describe_errors
from api.dependencies import RequestComposition, RequestServices

router = APIRouter(prefix="/bundles", tags=["bundles"])

BundleDigest = Annotated[Digest, Path()]

_TAR_GZ_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The tar.gz, whose SHA-256 is the digest in the path",
        "content": {"application/gzip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get(
    "",
    summary="List content bundles",
    operation_id="list_bundles",
    dependencies=[allow(READ_CONTENT)],
)
async def list_bundles(
    request: Request, query: Annotated[BundleQuery, Query()], services: RequestServices
) -> Page[Bundle]:
    """List content bundles, newest first."""
    return build_page(request.url, query, await services.bundles.list_bundles(query))


@router.get(
    "/{digest}",
    summary="Show a content bundle",
    operation_id="get_bundle",
    dependencies=[allow(READ_CONTENT)],
    responses=describe_errors(BundleNotFoundError),
)
async def get_bundle(digest: BundleDigest, services: RequestServices) -> Bundle:
    """Say what is known of a bundle; 404 means that it has to be sent."""
    return await services.bundles.get_bundle(digest)


@router.put(
    "/{digest}",
    summary="Send a content bundle",
    operation_id="put_bundle",
    dependencies=[allow(WRITE_CONTENT)],
    status_code=status.HTTP_201_CREATED,
    openapi_extra=_TAR_GZ_BODY,
    responses={
        status.HTTP_200_OK: {"model": Bundle, "description": "It was there already"},
        **describe_errors(InvalidInputError, BundleRejectedError, BundleTooLargeError),
    },
)
async def put_bundle(
    digest: BundleDigest, request: Request, response: Response, composition: RequestComposition
) -> Bundle:
    """Take a tar.gz of playbooks, roles and all they need, after checking that it is safe."""
    bundle, is_new = await composition.bundle_intake.receive(digest, request.stream())
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
    return bundle
