# SPDX-License-Identifier: GPL-3.0-or-later
"""What are the rules of the audit? An entry commits with the change that it tells of.

A unit of work that writes is alone (see ``api.db.database``), on SQLite and on PostgreSQL, so that
the last entry that it reads is the one that its own entry follows.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import structlog

from api.audit.chain import START, hash_entry
from api.audit.origin import OWN, Origin, get_origin
from api.audit.repository import AuditRepository
from api.audit.schemas import AuditQuery, Entry
from api.core.clock import Clock
from api.core.paging import Slice
from api.models import AuditEntry

OK = "ok"

_log = structlog.stdlib.get_logger(__name__)


_LOGGED = ("seq", "actor", "action", "object_kind", "object_name", "result", "hash")
"""What the log is told too: where it is collected elsewhere, it is a second witness."""


class Head(NamedTuple):
    """The last entry: how many there are, and the hash that stands for all of them."""

    seq: int = 0
    hash: str = START


class AuditService:
    """The audit, in one unit of work."""

    def __init__(self, repository: AuditRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self.head: Head | None = None
        """Of what this unit of work has recorded; None where it has recorded nothing."""

    async def record(
        self,
        action: str,
        kind: str,
        name: object,
        details: Mapping[str, Any] | None = None,
        *,
        result: str = OK,
        actor: str | None = None,
    ) -> None:
        """Record what is being done, on whose behalf the origin says; ``details`` hold no secret.

        Actions are called as the operations of the HTTP API, kinds as the nouns in its paths.
        ``actor`` names somebody where the origin does not know them yet: who signs in.
        """
        origin = get_origin()
        head = self.head or await self.get_head()
        values = {
            **_tell_origin(origin),
            "seq": head.seq + 1,
            "at": self._clock.now(),
            "action": action,
            "object_kind": kind,
            "object_name": str(name),
            "result": result,
            "details": dict(details or {}),
            "previous_hash": head.hash,
        }
        if actor is not None:
            values["actor"] = actor
        values["hash"] = hash_entry(values)
        await self._repository.add(values)
        self.head = Head(values["seq"], values["hash"])
        if origin is not OWN:
            origin.told.append(action)
        _log.info("audited", **{name: values[name] for name in _LOGGED})

    async def get_head(self) -> Head:
        """Return the last entry's place and hash."""
        entry = await self._repository.find_head()
        return Head() if entry is None else Head(entry.seq, entry.hash)

    async def find_hash(self, seq: int) -> str | None:
        """Return the hash of an entry, or None where there is none."""
        if seq == 0:
            return START
        entry = await self._repository.find(seq)
        return None if entry is None else entry.hash

    async def list_entries(self, query: AuditQuery) -> Slice[Entry]:
        """List a page of entries."""
        return (await self._repository.list_page(query)).map(Entry.model_validate)

    async def list_values(self, after: int, limit: int) -> list[dict[str, Any]]:
        """List what is stored, in order, to be verified."""
        columns = AuditEntry.__table__.columns.keys()
        rows = await self._repository.list_after(after, limit)
        return [{name: getattr(row, name) for name in columns} for row in rows]


def _tell_origin(origin: Origin) -> dict[str, Any]:
    return {
        "actor": origin.actor,
        "credential": origin.credential,
        "address": origin.address,
        "user_agent": origin.user_agent,
        "request_id": origin.request_id,
    }
