# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes have webhooks? The one that deliveries are sent to needs no token."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status

from api.auth.permissions import READ_TRIGGERS, WRITE_TRIGGERS
from api.auth.requirements import RequestPrincipal, allow
from api.core.errors import InvalidInputError, TooManyRequestsError
from api.core.paging import Page, build_page
from api.core.problem import describe_errors
from api.core.storable import MAX_INT4
from api.dependencies import RequestComposition, RequestServices
from api.triggers.owners import make_owner
from api.webhooks.errors import (
    DeliveryRefusedError,
    DeliveryTooLargeError,
    WebhookExistsError,
    WebhookNotFoundError,
)
from api.webhooks.schemas import (
    Delivery,
    DeliveryQuery,
    NewSecret,
    Receipt,
    Rotation,
    Webhook,
    WebhookCreate,
    WebhookQuery,
    WebhookUpdate,
)

DELIVERIES_PATH = "/webhooks/{webhook_id}/deliveries"

public_router = APIRouter(tags=["triggers"])
"""What is proven by a signature instead of a token."""

router = APIRouter(prefix="/webhooks", tags=["triggers"])

WebhookId = Annotated[int, Path(ge=1, le=MAX_INT4, description="Number of the webhook")]


async def _settle_new(
    body: WebhookCreate, principal: RequestPrincipal, composition: RequestComposition
) -> WebhookCreate:
    """Name the run as limits of access do, before the route's unit of work is open."""
    return await composition.triggers.settle_run(body, principal)


async def _settle_changed(
    body: WebhookUpdate, principal: RequestPrincipal, composition: RequestComposition
) -> WebhookUpdate:
    """Do likewise with what is changed."""
    return await composition.triggers.settle_run(body, principal)


NewWebhook = Annotated[WebhookCreate, Depends(_settle_new)]
ChangedWebhook = Annotated[WebhookUpdate, Depends(_settle_changed)]

_READ = [allow(READ_TRIGGERS)]
_WRITE = [allow(WRITE_TRIGGERS)]
_NOT_FOUND = describe_errors(WebhookNotFoundError)


@public_router.post(
    DELIVERIES_PATH,
    summary="Deliver to a webhook",
    operation_id="receive_delivery",
    status_code=status.HTTP_202_ACCEPTED,
    responses=describe_errors(
        DeliveryRefusedError, DeliveryTooLargeError, TooManyRequestsError, InvalidInputError
    ),
)
async def receive_delivery(
    webhook_id: WebhookId, request: Request, composition: RequestComposition
) -> Receipt:
    """Deliver something, signed as the webhook's scheme says; the same one again starts nothing."""
    address = request.client.host if request.client else ""
    receiver = composition.triggers.receiver
    return await receiver.receive(webhook_id, request.headers, request.stream(), address)


@router.get("", summary="List webhooks", operation_id="list_webhooks", dependencies=_READ)
async def list_webhooks(
    request: Request,
    query: Annotated[WebhookQuery, Query()],
    principal: RequestPrincipal,
    services: RequestServices,
) -> Page[Webhook]:
    """List webhooks; who does not reach everything sees their own."""
    rows = await services.webhooks.list_webhooks(query, principal)
    return build_page(request.url, query, rows)


@router.post(
    "",
    summary="Add a webhook",
    operation_id="create_webhook",
    dependencies=_WRITE,
    status_code=status.HTTP_201_CREATED,
    responses=describe_errors(WebhookExistsError),
)
async def create_webhook(
    body: NewWebhook, response: Response, principal: RequestPrincipal, services: RequestServices
) -> NewSecret:
    """Add a webhook. Its secret is in this answer and never shown again."""
    owner = await make_owner(services, principal)
    created = await services.webhooks.create_webhook(body, principal, owner)
    response.headers["Location"] = f"/api/v1/webhooks/{created.id}"
    response.headers["Cache-Control"] = "no-store"
    return created


@router.get(
    "/{webhook_id}",
    summary="Show a webhook",
    operation_id="get_webhook",
    dependencies=_READ,
    responses=_NOT_FOUND,
)
async def get_webhook(
    webhook_id: WebhookId, principal: RequestPrincipal, services: RequestServices
) -> Webhook:
    """Return a webhook."""
    return await services.webhooks.get_webhook(webhook_id, principal)


@router.get(
    "/{webhook_id}/deliveries",
    summary="List deliveries",
    operation_id="list_deliveries",
    dependencies=_READ,
    responses=_NOT_FOUND,
)
async def list_deliveries(
    webhook_id: WebhookId,
    request: Request,
    query: Annotated[DeliveryQuery, Query()],
    principal: RequestPrincipal,
    services: RequestServices,
) -> Page[Delivery]:
    """List what was delivered, newest first, and why each ran or was ignored."""
    rows = await services.webhooks.list_deliveries(webhook_id, query, principal)
    return build_page(request.url, query, rows)


@router.patch(
    "/{webhook_id}",
    summary="Change a webhook",
    operation_id="update_webhook",
    dependencies=_WRITE,
    responses=_NOT_FOUND,
)
async def update_webhook(
    webhook_id: WebhookId,
    body: ChangedWebhook,
    principal: RequestPrincipal,
    services: RequestServices,
) -> Webhook:
    """Change what the body names; only its owner and admins may."""
    owner = await make_owner(services, principal)
    return await services.webhooks.update_webhook(webhook_id, body, principal, owner)


@router.post(
    "/{webhook_id}/rotate",
    summary="Replace the secret of a webhook",
    operation_id="rotate_webhook_secret",
    dependencies=_WRITE,
    responses=_NOT_FOUND,
)
async def rotate_secret(
    webhook_id: WebhookId,
    body: Rotation,
    response: Response,
    principal: RequestPrincipal,
    services: RequestServices,
) -> NewSecret:
    """Make a new secret, shown in this answer only; the old one stays right for a while."""
    response.headers["Cache-Control"] = "no-store"
    return await services.webhooks.rotate_secret(webhook_id, body, principal)


@router.delete(
    "/{webhook_id}",
    summary="Remove a webhook",
    operation_id="delete_webhook",
    dependencies=_WRITE,
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_NOT_FOUND,
)
async def delete_webhook(
    webhook_id: WebhookId, principal: RequestPrincipal, services: RequestServices
) -> None:
    """Remove a webhook and the list of its deliveries; its runs stay."""
    await services.webhooks.delete_webhook(webhook_id, principal)
