# SPDX-License-Identifier: GPL-3.0-or-later
"""Which questions about replicas does PostgreSQL answer? All times are by its clock."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import Replica


class ReplicaRepository:
    """The replicas, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def announce(self, replica_id: str, machine: str, version: str) -> None:
        """Write down that this replica lives from now on."""
        facts = {
            "machine": machine,
            "version": version,
            "started_at": func.now(),
            "seen_at": func.now(),
        }
        statement = insert(Replica).values(id=replica_id, **facts)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=[Replica.id], set_=facts)
        )

    async def find_machine_of_living(self, replica_id: str, lost_after_s: float) -> str | None:
        """Return on which machine a replica of this id was seen lately, or None."""
        limit = func.now() - timedelta(seconds=lost_after_s)
        return await self._session.scalar(
            select(Replica.machine).where(Replica.id == replica_id, Replica.seen_at >= limit)
        )

    async def beat(self, replica_id: str) -> bool:
        """Say that this replica lives; False where the others have given it up."""
        statement = update(Replica).where(Replica.id == replica_id).values(seen_at=func.now())
        return await self._session.scalar(statement.returning(Replica.id)) is not None

    async def forget_lost(self, lost_after_s: float) -> Sequence[str]:
        """Forget the replicas that have not been seen for so long, and return their ids."""
        limit = func.now() - timedelta(seconds=lost_after_s)
        statement = delete(Replica).where(Replica.seen_at < limit).returning(Replica.id)
        return (await self._session.scalars(statement)).all()

    async def list_ids(self) -> Sequence[str]:
        """List the replicas that live."""
        return (await self._session.scalars(select(Replica.id))).all()

    async def leave(self, replica_id: str) -> None:
        """Write down that this replica has stopped."""
        await self._session.execute(delete(Replica).where(Replica.id == replica_id))
