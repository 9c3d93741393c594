# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a delivery become a run? Checked before it is read, and never twice.

It is written down as pending, launched under the key ``webhook/<id>/<delivery>`` and then settled:
a sender that sends it again after a crash gets the same run.
"""

import json
import math
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import structlog

from api.audit.origin import Origin, bound_origin
from api.auth.principals import Principal
from api.auth.throttle import Buckets, Limit, get_network
from api.core.clock import Clock
from api.core.errors import MyxError, TooManyRequestsError
from api.runs.launcher import Launched
from api.runs.orders import Idempotency
from api.runs.schemas import PlaybookRunCreate
from api.triggers.owners import OwnerWork, get_principal
from api.triggers.requests import RunRequest, validate_request
from api.webhooks.errors import DeliveryRefusedError, DeliveryTooLargeError
from api.webhooks.payload import UnfitError, check_matchers, map_variables, read_limit
from api.webhooks.schemas import Outcome, Receipt
from api.webhooks.service import Accepted, Sent, WebhookService

MAX_BODY_BYTES = 1024 * 1024

DELIVERIES = Limit(60, 1.0)
"""Of one webhook from one address."""

REFUSALS = Limit(10, 6.0)
"""Of one address: what is not rightly signed."""

_log = structlog.stdlib.get_logger(__name__)


class WebhookWork(OwnerWork, Protocol):
    """A unit of work as far as webhooks need it."""

    @property
    def webhooks(self) -> WebhookService:
        """The webhooks."""
        ...


class OpenWebhookWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool = False) -> AbstractAsyncContextManager[WebhookWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class Launcher(Protocol):
    """Launches runs."""

    async def launch(
        self, request: RunRequest, principal: Principal, idempotency: Idempotency | None
    ) -> Launched:
        """Start a run on agents; say whether it is new."""
        ...


class WebhookReceiver:
    """Takes deliveries; one for the whole process."""

    def __init__(self, open_work: OpenWebhookWork, launcher: Launcher, clock: Clock) -> None:
        self._open_work = open_work
        self._launcher = launcher
        self._taken, self._refused = Buckets(clock), Buckets(clock)

    async def receive(
        self, webhook_id: int, headers: Any, pieces: AsyncIterator[bytes], address: str
    ) -> Receipt:
        """Take a delivery, and return what became of it.

        Raises:
            TooManyRequestsError: too many came from that address.
            DeliveryTooLargeError: its body is too large.
            DeliveryRefusedError: there is no such webhook, or it is not rightly signed.
        """
        network = get_network(address)
        self._throttle(str(webhook_id), network)
        sent = Sent(headers, await _read(pieces), address)
        async with self._open_work(read_only=True) as work:
            key = await work.webhooks.find_key(webhook_id, sent)
        if key is None:
            self._refused.take((network,), REFUSALS)
            async with self._open_work() as work:
                await work.webhooks.note_refused(webhook_id, address)
            raise DeliveryRefusedError
        async with self._open_work() as work:
            accepted = await work.webhooks.accept(webhook_id, key, sent)
        if isinstance(accepted, Receipt):
            return accepted
        origin = Origin(accepted.owner.name, f"webhook/{webhook_id}", address)
        with bound_origin(origin):
            outcome, reason, run_id = await self._launch(accepted, sent)
            async with self._open_work() as work:
                return await work.webhooks.settle(accepted, key, outcome, reason, run_id)

    async def _launch(
        self, accepted: Accepted, sent: Sent
    ) -> tuple[Outcome, str | None, int | None]:
        key = f"webhook/{accepted.webhook_id}/{accepted.delivery_id}"
        try:
            request = _build_request(accepted, sent)
            async with self._open_work(read_only=True) as work:
                principal = await get_principal(work, accepted.owner)
            idempotency = Idempotency(key, key.encode())
            launched = await self._launcher.launch(request, principal, idempotency)
        except UnfitError as error:
            return "ignored", str(error), None
        except MyxError as error:
            if error.retryable:
                raise
            _log.warning("webhook_failed", webhook=accepted.webhook_id, cause=error.message)
            return "failed", f"{error.code}: {error.message}", None
        return "ran", None, launched.run.id

    def _throttle(self, webhook: str, network: str) -> None:
        wait_s = max(
            self._taken.find_wait_s((webhook, network), DELIVERIES),
            self._refused.find_wait_s((network,), REFUSALS),
        )
        if wait_s > 0:
            raise TooManyRequestsError(retry_after_s=math.ceil(wait_s))
        self._taken.take((webhook, network), DELIVERIES)


async def _read(pieces: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise DeliveryTooLargeError
    return bytes(body)


def _build_request(accepted: Accepted, sent: Sent) -> RunRequest:
    try:
        payload = json.loads(sent.body)
    except (ValueError, RecursionError) as error:
        raise UnfitError("The body is no JSON.") from error
    check_matchers(accepted.matchers, payload, sent.headers)
    body = accepted.request.model_dump(mode="json", exclude_unset=True)
    variables = map_variables(accepted.variables, payload)
    if isinstance(accepted.request, PlaybookRunCreate) and variables:
        body["extra_vars"] = {**accepted.request.extra_vars, **variables}
    if accepted.limit_from is not None:
        named = read_limit(accepted.limit_from, payload)
        kept = accepted.request.limit
        # Where there is a comma, a colon separates nothing.
        separator = "," if kept and "," in kept else ":"
        body["limit"] = named if kept is None else f"{kept}{separator}&{named}"
    return validate_request(body)
