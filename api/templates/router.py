# SPDX-License-Identifier: GPL-3.0-or-later
"""Which HTTP routes do templates have?"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from api.auth.permissions import READ_CONTENT
from api.auth.requirements import RequestScope, allow
from api.bundles.errors import BundleNotFoundError, BundleTooLargeError
from api.core.paging import Page, build_page
from api.core.problem import describe_errors
from api.dependencies import RequestComposition
from api.templates.errors import TemplateNotFoundError
from api.templates.schemas import ContentQuery, Template, TemplateDetail, TemplateQuery

router = APIRouter(prefix="/templates", tags=["templates"])

TemplateName = Annotated[
    str,
    Path(
        description="Name of the template, or path of its playbook; a '/' stays as it is",
        min_length=1,
        max_length=1024,
    ),
]


@router.get(
    "",
    summary="List templates",
    operation_id="list_templates",
    dependencies=[allow(READ_CONTENT)],
    responses=describe_errors(BundleNotFoundError, BundleTooLargeError),
)
async def list_templates(
    request: Request,
    query: Annotated[TemplateQuery, Query()],
    composition: RequestComposition,
    scope: RequestScope,
) -> Page[Template]:
    """List the playbooks of the content, those that cannot be read with the reason."""
    return build_page(request.url, query, await composition.templates.list_templates(query, scope))


@router.get(
    "/{name:path}",
    summary="Show a template",
    operation_id="get_template",
    dependencies=[allow(READ_CONTENT)],
    responses=describe_errors(TemplateNotFoundError, BundleNotFoundError, BundleTooLargeError),
)
async def get_template(
    name: TemplateName,
    query: Annotated[ContentQuery, Query()],
    composition: RequestComposition,
    scope: RequestScope,
) -> TemplateDetail:
    """Return a template with the variables that it takes, also as JSON Schema."""
    return await composition.templates.get_template(name, query.bundle_digest, scope)
