# SPDX-License-Identifier: GPL-3.0-or-later
"""What are the rules of notifications? Knows neither HTTP nor SQL."""

import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from api.audit.service import AuditService
from api.auth.principals import Principal
from api.auth.tokens import make_token
from api.core.clock import Clock
from api.core.paging import Slice
from api.core.sealing import Sealer
from api.models.triggers.notification import Notification as Row
from api.models.triggers.notification import NotificationDelivery
from api.notifications.deliveries import context_of
from api.notifications.errors import (
    DeliveryNotFoundError,
    NotificationDisabledError,
    NotificationLimitError,
    NotificationNotFoundError,
)
from api.notifications.fanout import GIVE_UP_S, NotificationFanout
from api.notifications.repository import NotificationRepository
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
from api.triggers.owners import OwnedRows, Owner, find_owner, is_theirs
from api.triggers.secrets import SigningSecrets

MAX_NOTIFICATIONS = 200
"""Each is looked at for each event."""

_KIND = "notifications"

_FILTERS = ("templates", "groups", "labels", "triggered_by")

_SAME = Notification.model_fields.keys() - {"owner"}
"""What is shown as it is kept."""


class NotificationService:
    """The notifications, in one unit of work."""

    def __init__(
        self,
        repository: NotificationRepository,
        fanout: NotificationFanout,
        audit: AuditService,
        sealer: Sealer,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._rows = OwnedRows(repository.find, NotificationNotFoundError)
        self._fanout = fanout
        self._audit = audit
        self._sealer = sealer
        self._secrets = SigningSecrets(sealer, clock)
        self._clock = clock

    async def create_notification(self, body: NotificationCreate, owner: Owner) -> NewSecret:
        """Add a notification, and make its secret where none is given.

        Raises:
            NotificationExistsError: the name is taken.
            NotificationLimitError: there are as many as there can be.
        """
        if await self._repository.count() >= MAX_NOTIFICATIONS:
            raise NotificationLimitError
        now, secret = self._clock.now(), _read_secret(body.secret)
        row = Row(
            name=body.name,
            destination_sealed=b"",
            secrets_sealed=b"",
            destination="",
            headers=[],
            events=sorted(body.events),
            **{field: list(getattr(body, field)) for field in _FILTERS},
            is_enabled=body.is_enabled,
            created_at=now,
            updated_at=now,
        )
        owner.mark(row)
        await self._repository.add(row)
        self._keep_destination(row, body.url.get_secret_value(), _reveal(body.headers))
        row.secrets_sealed = self._secrets.keep(secret, context_of(row, "secrets"))
        await self._audit.record("create_notification", _KIND, row.id, _tell(row))
        return NewSecret(**_describe(row).model_dump(), secret=secret)

    async def get_notification(self, notification_id: int, principal: Principal) -> Notification:
        """Return a notification.

        Raises:
            NotificationNotFoundError: there is none of that id that they may see.
        """
        return _describe(await self._rows.get(notification_id, principal))

    async def list_notifications(
        self, query: NotificationQuery, principal: Principal
    ) -> Slice[Notification]:
        """List a page; all for who may read everywhere, else one's own."""
        return (await self._repository.list_page(query, find_owner(principal))).map(_describe)

    async def update_notification(
        self, notification_id: int, body: NotificationUpdate, principal: Principal, owner: Owner
    ) -> Notification:
        """Change what the body names; what its owner changes has the rights that they have now.

        Raises:
            NotificationNotFoundError: there is none of that id that they may see.
            NotOwnerError: it is somebody else's.
        """
        row = await self._rows.get_own(notification_id, principal)
        if is_theirs(row, principal):
            owner.mark(row)
        if body.url is not None or body.headers is not None:
            self._change_destination(row, body)
        if body.events is not None:
            row.events = sorted(body.events)
        for field in _FILTERS:
            if (chosen := getattr(body, field)) is not None:
                setattr(row, field, list(chosen))
        if body.is_enabled is not None:
            row.is_enabled = body.is_enabled
        row.updated_at = self._clock.now()
        await self._audit.record("update_notification", _KIND, row.id, _tell(row))
        return _describe(row)

    async def rotate_secret(
        self, notification_id: int, body: Rotation, principal: Principal
    ) -> NewSecret:
        """Replace the secret; the one before signs too for a while; raises likewise."""
        row = await self._rows.get_own(notification_id, principal)
        secret, context = _read_secret(body.secret), context_of(row, "secrets")
        row.secrets_sealed = self._secrets.replace(
            row.secrets_sealed, secret, body.overlap_s, context
        )
        row.updated_at = self._clock.now()
        await self._audit.record("rotate_notification_secret", _KIND, row.id, {"name": row.name})
        return NewSecret(**_describe(row).model_dump(), secret=secret)

    async def delete_notification(self, notification_id: int, principal: Principal) -> None:
        """Delete a notification with the list of its deliveries; raises likewise."""
        row = await self._rows.get_own(notification_id, principal)
        await self._repository.delete(row)
        await self._audit.record("delete_notification", _KIND, notification_id, {"name": row.name})

    async def send_test(self, notification_id: int, principal: Principal) -> Delivery:
        """Let something be sent that says it is a test; raises likewise.

        Raises:
            NotificationDisabledError: nothing is sent of it.
        """
        row = await self._get_enabled(notification_id, principal)
        made = await self._fanout.add_delivery(row, "test", "test", self._clock.now())
        await self._audit.record("test_notification", _KIND, row.id, {"name": row.name})
        return Delivery.model_validate(made)

    async def list_deliveries(
        self, notification_id: int, query: DeliveryQuery, principal: Principal
    ) -> Slice[Delivery]:
        """List a page of what is and was sent; raises as ``get_notification``."""
        await self._rows.get(notification_id, principal)
        page = await self._repository.list_deliveries(notification_id, query)
        return page.map(Delivery.model_validate)

    async def get_delivery(
        self, notification_id: int, delivery_id: int, principal: Principal
    ) -> DeliveryDetail:
        """Return a delivery with what is sent.

        Raises:
            NotificationNotFoundError: there is no such notification that they may see.
            DeliveryNotFoundError: it has no such delivery.
        """
        await self._rows.get(notification_id, principal)
        found = await self._get_delivery(notification_id, delivery_id)
        same = Delivery.model_validate(found)
        return DeliveryDetail(**same.model_dump(), payload=json.loads(found.body))

    async def redeliver(
        self, notification_id: int, delivery_id: int, principal: Principal
    ) -> Delivery:
        """Send something again, under the id that it had; what waits is tried at once.

        Raises:
            NotificationNotFoundError: there is no such notification that they may see.
            NotOwnerError: it is somebody else's.
            NotificationDisabledError: nothing is sent of it.
            DeliveryNotFoundError: it has no such delivery.
        """
        row = await self._get_enabled(notification_id, principal)
        found, now = await self._get_delivery(notification_id, delivery_id), self._clock.now()
        found.status, found.next_at, found.finished_at = "waiting", now, None
        found.give_up_at = now + timedelta(seconds=GIVE_UP_S)
        told = {"name": row.name, "delivery": delivery_id}
        await self._audit.record("redeliver_notification", _KIND, row.id, told)
        return Delivery.model_validate(found)

    async def _get_enabled(self, notification_id: int, principal: Principal) -> Row:
        row = await self._rows.get_own(notification_id, principal)
        if not row.is_enabled:
            raise NotificationDisabledError
        return row

    async def _get_delivery(self, notification_id: int, delivery_id: int) -> NotificationDelivery:
        found = await self._repository.find_delivery(notification_id, delivery_id)
        if found is None:
            raise DeliveryNotFoundError
        return found

    def _change_destination(self, row: Row, body: NotificationUpdate) -> None:
        kept = self._sealer.unseal_json(row.destination_sealed, context_of(row, "destination"))
        url = kept["url"] if body.url is None else body.url.get_secret_value()
        headers = kept["headers"] if body.headers is None else _reveal(body.headers)
        self._keep_destination(row, url, headers)

    def _keep_destination(self, row: Row, url: str, headers: Mapping[str, str]) -> None:
        context = context_of(row, "destination")
        row.destination = f"https://{urlsplit(url).netloc}"
        row.headers = sorted(headers)
        row.destination_sealed = self._sealer.seal_json({"url": url, "headers": headers}, context)


def _describe(row: Row) -> Notification:
    same = {name: getattr(row, name) for name in _SAME}
    return Notification(**same, owner=row.owner_name)


def _tell(row: Row) -> dict[str, object]:
    return {"name": row.name, "destination": row.destination, "events": row.events}


def _reveal(headers: Mapping[str, SecretStr]) -> dict[str, str]:
    return {name: secret.get_secret_value() for name, secret in headers.items()}


def _read_secret(given: SecretStr | None) -> str:
    return make_token() if given is None else given.get_secret_value()
