# SPDX-License-Identifier: GPL-3.0-or-later
"""What are the rules of webhooks? Knows neither HTTP nor SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.audit.service import AuditService
from api.auth.permissions import MANAGE_USERS
from api.auth.principals import Principal
from api.auth.tokens import make_token
from api.core.clock import Clock
from api.core.paging import Slice
from api.core.sealing import Sealer
from api.models.triggers.webhook import Webhook as Row
from api.models.triggers.webhook import WebhookDelivery
from api.runs.launcher import ask_to_launch
from api.triggers.owners import OwnedRows, Owner, find_owner, is_theirs, read_owner
from api.triggers.requests import (
    RunRequest,
    describe_request,
    find_bundles,
    seal_request,
    unseal_request,
)
from api.triggers.secrets import SigningSecrets
from api.triggers.signatures import find_delivery_key
from api.webhooks.errors import WebhookNotFoundError, WebhookRefusedError
from api.webhooks.payload import is_pattern
from api.webhooks.repository import WebhookRepository
from api.webhooks.schemas import (
    Delivery,
    DeliveryQuery,
    Mapped,
    Matcher,
    NewSecret,
    Outcome,
    Receipt,
    Rotation,
    Webhook,
    WebhookCreate,
    WebhookQuery,
    WebhookUpdate,
)

_KIND = "webhooks"

_SAME = Webhook.model_fields.keys() - {"owner", "path", "run"}
"""What is shown as it is kept."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A delivery that was rightly signed, and what it asks for."""

    webhook_id: int
    delivery_id: int
    owner: Owner
    request: RunRequest
    matchers: Sequence[Matcher]
    variables: Sequence[Mapped]
    limit_from: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What came in."""

    headers: Mapping[str, str]
    body: bytes
    address: str


class WebhookService:
    """The webhooks, in one unit of work."""

    def __init__(
        self, repository: WebhookRepository, audit: AuditService, sealer: Sealer, clock: Clock
    ) -> None:
        self._repository = repository
        self._rows = OwnedRows(repository.find, WebhookNotFoundError)
        self._audit = audit
        self._sealer = sealer
        self._secrets = SigningSecrets(sealer, clock)
        self._clock = clock

    async def create_webhook(
        self, body: WebhookCreate, principal: Principal, owner: Owner
    ) -> NewSecret:
        """Add a webhook, and make its secret.

        Raises:
            PermissionDeniedError: its owner may nowhere start what it asks for.
            WebhookRefusedError: it cannot be made so.
            WebhookExistsError: the name is taken.
        """
        ask_to_launch(principal, body.run)
        _check_patterns(body.matchers, principal)
        now, secret = self._clock.now(), make_token()
        row = Row(
            name=body.name,
            scheme=body.scheme,
            matchers=[each.model_dump() for each in body.matchers],
            variables=[each.model_dump() for each in body.variables],
            limit_from=body.limit_from,
            is_enabled=body.is_enabled,
            refused_count=0,
            request_sealed=b"",
            secrets_sealed=b"",
            created_at=now,
            updated_at=now,
        )
        owner.mark(row)
        await self._repository.add(row)
        row.request_sealed = seal_request(self._sealer, body.run, _context(row, "request"))
        row.secrets_sealed = self._secrets.keep(secret, _context(row, "secrets"))
        await self._audit.record("create_webhook", _KIND, row.id, {"name": row.name})
        return NewSecret(**self._describe(row).model_dump(), secret=secret)

    async def get_webhook(self, webhook_id: int, principal: Principal) -> Webhook:
        """Return a webhook.

        Raises:
            WebhookNotFoundError: there is none of that id that they may see.
        """
        return self._describe(await self._rows.get(webhook_id, principal))

    async def list_bundle_digests(self) -> set[str]:
        """List the bundles that the runs of webhooks bring."""
        rows = await self._repository.list_all()
        return find_bundles(
            unseal_request(self._sealer, row.request_sealed, _context(row, "request"))
            for row in rows
        )

    async def list_webhooks(self, query: WebhookQuery, principal: Principal) -> Slice[Webhook]:
        """List a page; all for who may read everywhere, else one's own."""
        return (await self._repository.list_page(query, find_owner(principal))).map(self._describe)

    async def list_deliveries(
        self, webhook_id: int, query: DeliveryQuery, principal: Principal
    ) -> Slice[Delivery]:
        """List a page of what was delivered; raises as ``get_webhook``."""
        await self._rows.get(webhook_id, principal)
        page = await self._repository.list_deliveries(webhook_id, query)
        return page.map(Delivery.model_validate)

    async def update_webhook(
        self, webhook_id: int, body: WebhookUpdate, principal: Principal, owner: Owner
    ) -> Webhook:
        """Change what the body names; what its owner changes has the rights that they have now.

        Raises:
            WebhookNotFoundError: there is none of that id that they may see.
            NotOwnerError: it is somebody else's.
            PermissionDeniedError: they may nowhere start what it asks for.
            WebhookRefusedError: it cannot be made so.
        """
        row = await self._rows.get_own(webhook_id, principal)
        run = body.run or unseal_request(self._sealer, row.request_sealed, _context(row, "request"))
        ask_to_launch(principal, run)
        if is_theirs(row, principal):
            owner.mark(row)
        if body.matchers is not None:
            _check_patterns(body.matchers, principal)
            row.matchers = [each.model_dump() for each in body.matchers]
        if body.variables is not None:
            row.variables = [each.model_dump() for each in body.variables]
        if body.is_enabled is not None:
            row.is_enabled = body.is_enabled
        row.request_sealed = seal_request(self._sealer, run, _context(row, "request"))
        row.updated_at = self._clock.now()
        await self._audit.record("update_webhook", _KIND, row.id, {"name": row.name})
        return self._describe(row)

    async def rotate_secret(
        self, webhook_id: int, body: Rotation, principal: Principal
    ) -> NewSecret:
        """Make a new secret; the one before stays right for a while; raises likewise."""
        row = await self._rows.get_own(webhook_id, principal)
        secret, context = make_token(), _context(row, "secrets")
        row.secrets_sealed = self._secrets.replace(
            row.secrets_sealed, secret, body.overlap_s, context
        )
        row.updated_at = self._clock.now()
        await self._audit.record("rotate_webhook_secret", _KIND, row.id, {"name": row.name})
        return NewSecret(**self._describe(row).model_dump(), secret=secret)

    async def delete_webhook(self, webhook_id: int, principal: Principal) -> None:
        """Delete a webhook with the list of its deliveries; its runs stay; raises likewise."""
        row = await self._rows.get_own(webhook_id, principal)
        await self._repository.delete(row)
        await self._audit.record("delete_webhook", _KIND, webhook_id, {"name": row.name})

    async def find_key(self, webhook_id: int, sent: Sent) -> str | None:
        """Return the key of a delivery, or None where it is refused."""
        row = await self._repository.find(webhook_id)
        secrets = ["nobody knows this one"]
        if row is not None:
            secrets = self._secrets.list_valid(row.secrets_sealed, _context(row, "secrets"))
        scheme = "myx" if row is None else row.scheme
        now_s = self._clock.now().timestamp()
        key = find_delivery_key(scheme, secrets, sent.headers, sent.body, now_s)
        return None if row is None or not row.is_enabled else key

    async def note_refused(self, webhook_id: int, address: str) -> None:
        """Count a delivery that was refused."""
        await self._repository.note_refused(webhook_id, self._clock.now(), address)

    async def accept(self, webhook_id: int, key: str, sent: Sent) -> Accepted | Receipt:
        """Write a delivery down; one that came before is answered as it was then.

        One that is pending still, since a process died over it, goes on.

        Raises:
            WebhookNotFoundError: it was deleted in this moment.
        """
        row = await self._repository.find(webhook_id)
        if row is None:
            raise WebhookNotFoundError
        delivery = await self._repository.find_delivery(webhook_id, key)
        if delivery is not None and delivery.outcome != "pending":
            return _receipt(delivery)
        if delivery is None:
            delivery = WebhookDelivery(
                webhook_id=webhook_id,
                delivery_key=key,
                received_at=self._clock.now(),
                address=sent.address,
                size_bytes=len(sent.body),
                outcome="pending",
            )
            await self._repository.add_delivery(delivery)
        return Accepted(
            row.id,
            delivery.id,
            read_owner(row),
            unseal_request(self._sealer, row.request_sealed, _context(row, "request")),
            [Matcher.model_validate(each) for each in row.matchers],
            [Mapped.model_validate(each) for each in row.variables],
            row.limit_from,
        )

    async def settle(
        self, accepted: Accepted, key: str, outcome: Outcome, reason: str | None, run_id: int | None
    ) -> Receipt:
        """Write down what became of a delivery."""
        delivery = await self._repository.find_delivery(accepted.webhook_id, key)
        if delivery is not None:
            delivery.outcome, delivery.reason, delivery.run_id = outcome, reason, run_id
        if outcome == "failed":
            told = {"delivery": accepted.delivery_id, "reason": reason}
            await self._audit.record("receive_delivery", _KIND, accepted.webhook_id, told)
        return Receipt(outcome=outcome, reason=reason, run_id=run_id)

    def _describe(self, row: Row) -> Webhook:
        request = unseal_request(self._sealer, row.request_sealed, _context(row, "request"))
        same = {name: getattr(row, name) for name in _SAME}
        return Webhook(
            **same,
            owner=row.owner_name,
            path=f"/api/v1/webhooks/{row.id}/deliveries",
            run=describe_request(request),
        )


def _check_patterns(matchers: Sequence[Matcher], principal: Principal) -> None:
    for number, matcher in enumerate(matchers):
        if matcher.matches is None:
            continue
        field = f"matchers.{number}.matches"
        if not principal.may(MANAGE_USERS):
            raise WebhookRefusedError(field, "patterns are for admins; use 'equals'")
        if not is_pattern(matcher.matches):
            raise WebhookRefusedError(field, "it is no regular expression without back references")


def _receipt(delivery: WebhookDelivery) -> Receipt:
    return Receipt.model_validate(delivery, from_attributes=True)


def _context(row: Row, what: str) -> str:
    return f"webhooks/{row.id}/{what}"
