# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes have notifications?"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status

from api.auth.permissions import READ_TRIGGERS, WRITE_TRIGGERS
from api.auth.requirements import RequestPrincipal, allow
from api.core.paging import Page, build_page
from api.core.problem import describe_errors
from api.core.storable import MAX_INT4
from api.dependencies import RequestServices
from api.notifications.errors import (
    DeliveryNotFoundError,
    NotificationDisabledError,
    NotificationExistsError,
    NotificationNotFoundError,
)
from api.notifications.schemas import (
    Delivery,
    DeliveryDetail,
    DeliveryQuery,
    NewSecret,
    Notification,
    NotificationCreate,
    NotificationQuery,
    NotificationUpdate,
    Rotation,
)
from api.triggers.owners import make_owner

router = APIRouter(prefix="/notifications", tags=["triggers"])

NotificationId = Annotated[int, Path(ge=1, le=MAX_INT4, description="Number of the notification")]
DeliveryId = Annotated[int, Path(ge=1, le=MAX_INT4, description="Number of the delivery")]

_READ = [allow(READ_TRIGGERS)]
_WRITE = [allow(WRITE_TRIGGERS)]
_NOT_FOUND = describe_errors(NotificationNotFoundError)
_NOT_SENT = describe_errors(NotificationNotFoundError, NotificationDisabledError)


@router.get("", summary="List notifications", operation_id="list_notifications", dependencies=_READ)
async def list_notifications(
    request: Request,
    query: Annotated[NotificationQuery, Query()],
    principal: RequestPrincipal,
    services: RequestServices,
) -> Page[Notification]:
    """List notifications; who does not reach everything sees their own."""
    rows = await services.notifications.list_notifications(query, principal)
    return build_page(request.url, query, rows)


@router.post(
    "",
    summary="Add a notification",
    operation_id="create_notification",
    dependencies=_WRITE,
    status_code=status.HTTP_201_CREATED,
    responses=describe_errors(NotificationExistsError),
)
async def create_notification(
    body: NotificationCreate,
    response: Response,
    principal: RequestPrincipal,
    services: RequestServices,
) -> NewSecret:
    """Tell another system what happens. The secret is in this answer and never shown again."""
    owner = await make_owner(services, principal)
    created = await services.notifications.create_notification(body, owner)
    response.headers["Location"] = f"/api/v1/notifications/{created.id}"
    response.headers["Cache-Control"] = "no-store"
    return created


@router.get(
    "/{notification_id}",
    summary="Show a notification",
    operation_id="get_notification",
    dependencies=_READ,
    responses=_NOT_FOUND,
)
async def get_notification(
    notification_id: NotificationId, principal: RequestPrincipal, services: RequestServices
) -> Notification:
    """Return a notification."""
    return await services.notifications.get_notification(notification_id, principal)


@router.patch(
    "/{notification_id}",
    summary="Change a notification",
    operation_id="update_notification",
    dependencies=_WRITE,
    responses=_NOT_FOUND,
)
async def update_notification(
    notification_id: NotificationId,
    body: NotificationUpdate,
    principal: RequestPrincipal,
    services: RequestServices,
) -> Notification:
    """Change what the body names; only its owner and admins may."""
    owner = await make_owner(services, principal)
    return await services.notifications.update_notification(notification_id, body, principal, owner)


@router.post(
    "/{notification_id}/rotate",
    summary="Replace the secret of a notification",
    operation_id="rotate_notification_secret",
    dependencies=_WRITE,
    responses=_NOT_FOUND,
)
async def rotate_secret(
    notification_id: NotificationId,
    body: Rotation,
    response: Response,
    principal: RequestPrincipal,
    services: RequestServices,
) -> NewSecret:
    """Make a new secret, shown in this answer only; for a while both sign."""
    response.headers["Cache-Control"] = "no-store"
    return await services.notifications.rotate_secret(notification_id, body, principal)


@router.post(
    "/{notification_id}/test",
    summary="Send a test",
    operation_id="test_notification",
    dependencies=_WRITE,
    status_code=status.HTTP_202_ACCEPTED,
    responses=_NOT_SENT,
)
async def send_test(
    notification_id: NotificationId, principal: RequestPrincipal, services: RequestServices
) -> Delivery:
    """Let a test be sent; the delivery shows what becomes of it."""
    return await services.notifications.send_test(notification_id, principal)


@router.get(
    "/{notification_id}/deliveries",
    summary="List what was sent",
    operation_id="list_notification_deliveries",
    dependencies=_READ,
    responses=_NOT_FOUND,
)
async def list_deliveries(
    notification_id: NotificationId,
    request: Request,
    query: Annotated[DeliveryQuery, Query()],
    principal: RequestPrincipal,
    services: RequestServices,
) -> Page[Delivery]:
    """List what is and was sent, newest first, and why it failed."""
    rows = await services.notifications.list_deliveries(notification_id, query, principal)
    return build_page(request.url, query, rows)


@router.get(
    "/{notification_id}/deliveries/{delivery_id}",
    summary="Show what was sent",
    operation_id="get_notification_delivery",
    dependencies=_READ,
    responses=describe_errors(NotificationNotFoundError, DeliveryNotFoundError),
)
async def get_delivery(
    notification_id: NotificationId,
    delivery_id: DeliveryId,
    principal: RequestPrincipal,
    services: RequestServices,
) -> DeliveryDetail:
    """Return a delivery with its payload."""
    return await services.notifications.get_delivery(notification_id, delivery_id, principal)


@router.post(
    "/{notification_id}/deliveries/{delivery_id}/redeliver",
    summary="Send something again",
    operation_id="redeliver_notification",
    dependencies=_WRITE,
    status_code=status.HTTP_202_ACCEPTED,
    responses={**_NOT_SENT, **describe_errors(NotificationNotFoundError, DeliveryNotFoundError)},
)
async def redeliver(
    notification_id: NotificationId,
    delivery_id: DeliveryId,
    principal: RequestPrincipal,
    services: RequestServices,
) -> Delivery:
    """Send it again under the id that it had; what still waits is tried at once."""
    return await services.notifications.redeliver(notification_id, delivery_id, principal)


@router.delete(
    "/{notification_id}",
    summary="Remove a notification",
    operation_id="delete_notification",
    dependencies=_WRITE,
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_NOT_FOUND,
)
async def delete_notification(
    notification_id: NotificationId, principal: RequestPrincipal, services: RequestServices
) -> None:
    """Remove a notification, the list of its deliveries, and what still waits to be sent."""
    await services.notifications.delete_notification(notification_id, principal)
