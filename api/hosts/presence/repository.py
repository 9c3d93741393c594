# SPDX-License-Identifier: GPL-3.0-or-later
"""How are heartbeats and the states of hosts written and read? A batch is a few statements.

Each statement guards itself, so that any number of writers may do this at once: whoever's
statement changes a status is the one that notes the change.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.scopes import EVERYTHING, Scope
from api.core.paging import PageQuery, Slice
from api.db.lists import cut, fetch_slice
from api.db.visibility import hosts_within
from api.hosts.presence.addresses import select_addresses
from api.hosts.presence.watched import AgentAddress, Move
from api.hosts.targets import Contact
from api.models import Agent, Host, HostState

_HOST_ID = "of_host"


class PresenceRepository:
    """The states of hosts, in one unit of work; the history is read within a scope."""

    def __init__(self, session: AsyncSession, scope: Scope = EVERYTHING) -> None:
        self._session = session
        self._scope = scope

    async def list_watched(self) -> list[tuple[AgentAddress, bool]]:
        """List all installed agents, and whether each is online; light rows only."""
        installed = select_addresses().add_columns(Agent.status)
        rows = await self._session.execute(installed.where(Agent.status != "not_installed"))
        return [(AgentAddress._make(row[:-1]), row[-1] == "online") for row in rows]

    async def record_contacts(self, contacts: Sequence[Contact], at: datetime) -> list[Move]:
        """Write down which agents answered and which did not; return the hosts that moved."""
        # In the order of their ids, in which other writers lock these rows too.
        ordered = sorted(contacts, key=lambda contact: contact.host_id)
        heard = [contact for contact in ordered if contact.error is None]
        silent = [contact for contact in ordered if contact.error is not None]
        moves = await self._move(heard, "offline", "online")
        moves += await self._move(silent, "online", "offline")
        await self._write(
            [_describe(contact, at) for contact in heard if contact.load is None], _HEARD
        )
        await self._write(
            [_describe(contact, at) for contact in heard if contact.load is not None], _MEASURED
        )
        await self._write([_describe(contact, at) for contact in silent], _SILENT)
        await self.add_states(moves, at)
        return moves

    async def add_states(self, moves: Sequence[Move], at: datetime) -> None:
        """Add states to the history."""
        if moves:
            rows = [{**move._asdict(), "at": at} for move in moves]
            await self._session.execute(insert(HostState), rows)

    async def has_moved(self, host_id: int, state: str, since: datetime) -> bool:
        """Say whether the host went into a state since."""
        moved = select(HostState.id).where(
            HostState.host_id == host_id, HostState.state == state, HostState.at >= since
        )
        return await self._session.scalar(moved.limit(1)) is not None

    async def list_states(self, name: str, query: PageQuery) -> Slice[HostState]:
        """List the states of a host, the newest first."""
        statement = (
            select(HostState)
            .join(Host, Host.id == HostState.host_id)
            .where(Host.name == name, hosts_within(self._scope))
        )
        return await fetch_slice(self._session, statement, query, (HostState.id.desc(),))

    async def has_host(self, name: str) -> bool:
        """Say whether there is a host of that name within the scope."""
        known = select(Host.id).where(Host.name == name, hosts_within(self._scope))
        return await self._session.scalar(known) is not None

    async def _move(self, contacts: Sequence[Contact], before: str, after: str) -> list[Move]:
        """Change the status of those that have the one before, and say which those are."""
        reasons = {contact.host_id: contact.error or "It answers." for contact in contacts}
        moved: list[int] = []
        for host_ids in cut(reasons):
            rows = await self._session.scalars(
                update(Agent)
                .where(Agent.host_id.in_(host_ids), Agent.status == before)
                .values(status=after)
                .returning(Agent.host_id)
                .execution_options(synchronize_session=False)
            )
            moved += rows.all()
        return [Move(host_id, after, reasons[host_id]) for host_id in sorted(moved)]

    async def _write(self, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
        """Write these columns of agents; one statement, all rows at once."""
        if not rows:
            return
        table = Agent.__table__
        statement = (
            update(Agent.__table__)  # type: ignore[arg-type]
            .where(table.c.host_id == bindparam(_HOST_ID), table.c.status != "not_installed")
            .values({name: bindparam(f"new_{name}") for name in columns})
        )
        kept = {_HOST_ID, *(f"new_{name}" for name in columns)}
        parameters = [{key: row[key] for key in kept} for row in rows]
        await (await self._session.connection()).execute(statement, parameters)


_HEARD = ("version", "last_seen_at", "last_error")
_MEASURED = (*_HEARD, "load")
_SILENT = ("last_error",)


def _describe(contact: Contact, at: datetime) -> dict[str, Any]:
    return {
        _HOST_ID: contact.host_id,
        "new_version": contact.version,
        "new_last_seen_at": at,
        "new_last_error": contact.error,
        "new_load": None if contact.load is None else msgspec.to_builtins(contact.load),
    }
