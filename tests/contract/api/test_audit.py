# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit: chained in the order of commits, and no tampering passes unseen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from manual_clock import ManualClock
from sqlalchemy import text

from api.audit.repository import AuditRepository
from api.audit.schemas import AuditQuery, Verification
from api.audit.service import AuditService, Head
from api.audit.verifier import AuditVerifier
from api.audit.witness import AuditWitness
from api.core.settings import Settings
from api.db.database import Database
from api.db.migrate import migrate


class Work:
    """A unit of work that has the audit in it."""

    def __init__(self, audit: AuditService) -> None:
        self.audit = audit


class Audit:
    """The audit over a database, with its end kept in a file."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._path = folder / "audit-head"
        self.witness = AuditWitness(self._path)

    @asynccontextmanager
    async def open_work(self, *, read_only: bool = False) -> AsyncIterator[Work]:
        """Open a unit of work, and keep the end that it commits."""
        async with self._database.unit_of_work(read_only=read_only) as session:
            audit = AuditService(AuditRepository(session), ManualClock())
            yield Work(audit)
        if audit.head is not None:
            self.witness.note(audit.head)

    async def record(self, *names: str) -> None:
        """Record entries, each in a unit of work of its own."""
        for name in names:
            async with self.open_work() as work:
                await work.audit.record("create_host", "hosts", name, {"n": 1, "ü": [None, True]})

    async def tamper(self, statement: str, **values: Any) -> None:
        """Change the database behind everybody's back."""
        async with self._database.engine.begin() as connection:
            await connection.execute(text(statement), values)

    async def verify(self) -> Verification:
        """Verify as after a restart."""
        await self.witness.close()
        self.witness = AuditWitness(self._path)
        return await AuditVerifier(self.open_work, self.witness).verify()

    async def tell_flaws(self) -> str:
        """Return what verifying finds."""
        found = await self.verify()
        assert found.intact is not bool(found.flaws)
        return " ".join(flaw.message for flaw in found.flaws)


@pytest.fixture
async def audit(database: Database, tmp_path: Path) -> AsyncIterator[Audit]:
    """Return an audit of five entries."""
    opened = Audit(database, tmp_path)
    await opened.record("a", "b", "c", "d", "e")
    yield opened
    await opened.witness.close()


async def test_entries_are_chained_and_verify(audit: Audit) -> None:
    """What was written verifies, times and texts of all kinds included."""
    found = await audit.verify()
    assert (found.intact, found.entries, found.last_seq) == (True, 5, 5)
    async with audit.open_work(read_only=True) as work:
        page = await work.audit.list_entries(AuditQuery())
        head = await work.audit.get_head()
    assert [entry.object_name for entry in page.items] == ["e", "d", "c", "b", "a"]
    assert (page.items[0].actor, page.items[0].result) == ("myx", "ok")
    assert head == Head(5, found.last_hash)


async def test_an_entry_is_there_only_with_its_change(audit: Audit) -> None:
    """Where the unit of work fails, nothing was done and nothing is told."""

    async def fail() -> None:
        async with audit.open_work() as work:
            await work.audit.record("create_host", "hosts", "f")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert (await audit.verify()).last_seq == 5


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "somebody"),
        ("details", '{"n": 2}'),
        ("at", "2030-01-01 00:00:00"),
        ("result", "no"),
        ("hash", "0" * 64),
    ],
)
async def test_a_changed_entry_is_found(audit: Audit, column: str, value: str) -> None:
    """Whatever was changed of it, hash included."""
    kind = {"details": "JSON", "at": "TIMESTAMP"}.get(column)
    is_sqlite = audit._database.is_sqlite
    given = f"CAST(:value AS {kind})" if kind and not is_sqlite else ":value"
    await audit.tamper(f"UPDATE audit_entries SET {column} = {given} WHERE seq = 3", value=value)  # noqa: S608
    assert "Entry 3 was changed" in await audit.tell_flaws()


async def test_an_entry_with_a_new_hash_breaks_the_next(audit: Audit) -> None:
    """Who computes the hash anew has to change all entries behind it, and the end that is kept."""
    async with audit.open_work(read_only=True) as work:
        rows = await work.audit.list_values(0, 10)
    from api.audit.chain import hash_entry  # noqa: PLC0415 - what a tamperer would use

    previous = rows[1]["hash"]
    for row in rows[2:]:
        row["actor"], row["previous_hash"] = "somebody", previous
        previous = hash_entry(row)
        await audit.tamper(
            "UPDATE audit_entries SET actor = :actor, previous_hash = :before, hash = :hash"
            " WHERE seq = :seq",
            actor=row["actor"],
            before=row["previous_hash"],
            hash=previous,
            seq=row["seq"],
        )
        flaws = await audit.tell_flaws()
        if row["seq"] < 5:
            assert f"Entry {row['seq'] + 1} does not follow entry {row['seq']}" in flaws
    assert flaws == "Entry 5 is another one than what was written."


async def test_a_missing_entry_is_found(audit: Audit) -> None:
    """In the middle, and at the beginning."""
    await audit.tamper("DELETE FROM audit_entries WHERE seq IN (1, 3)")
    flaws = await audit.tell_flaws()
    assert "The entries 1 to 1 are missing." in flaws
    assert "The entries 3 to 3 are missing." in flaws


async def test_entries_in_another_order_are_found(audit: Audit) -> None:
    """Two that have changed places do not follow any more."""
    for old, new in ((2, 20), (3, 2), (20, 3)):
        await audit.tamper("UPDATE audit_entries SET seq = :new WHERE seq = :old", old=old, new=new)
    flaws = await audit.tell_flaws()
    assert "Entry 2 does not follow entry 1" in flaws
    assert "Entry 3 was changed" in flaws


async def test_a_tail_that_was_cut_off_is_found(audit: Audit) -> None:
    """The end is kept outside the database."""
    await audit.tamper("DELETE FROM audit_entries WHERE seq > 3")
    assert "Entry 5 was written and is missing: the audit ends at 3." in await audit.tell_flaws()


async def test_a_cut_stays_found_after_new_entries(audit: Audit) -> None:
    """Also where as many entries were added as were cut off, or more."""
    await audit.tamper("DELETE FROM audit_entries WHERE seq > 3")
    await audit.record("x", "y", "z")
    flaws = await audit.tell_flaws()
    assert "Entries up to 5 were known, and only 3 were found later" in flaws


async def test_a_cut_is_found_at_the_start(audit: Audit, tmp_path: Path) -> None:
    """Before anything is appended, and it stays found."""
    await audit.witness.close()
    await audit.tamper("DELETE FROM audit_entries")
    audit.witness = AuditWitness(tmp_path / "audit-head")
    await AuditVerifier(audit.open_work, audit.witness).check_end()
    await audit.record(*"uvwxyz")
    assert "only 0 were found later" in await audit.tell_flaws()


async def test_the_end_of_another_replica_is_no_flaw(audit: Audit, tmp_path: Path) -> None:
    """Each keeps the end of its own entries, which lies somewhere in the chain."""
    (tmp_path / "other").mkdir()
    other = Audit(audit._database, tmp_path / "other")
    await other.record("f")
    await audit.record("g")
    assert (await other.verify()).intact
    assert (await audit.verify()).intact


async def test_an_unreadable_end_is_told(audit: Audit, tmp_path: Path) -> None:
    """A damaged file is no reason to trust what is there."""
    await audit.witness.close()
    (tmp_path / "audit-head").write_text("{")
    assert not (await audit.verify()).intact


async def test_many_at_once_make_one_chain(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """Two replicas that record at the same time leave no gap and no fork."""
    (tmp_path / "two").mkdir()
    second = Database(settings.sqlalchemy_url)
    await migrate(second.engine)
    audits = [Audit(database, tmp_path), Audit(second, tmp_path / "two")]
    await asyncio.gather(*(each.record(f"{n}") for n in range(25) for each in audits))
    for each in audits:
        found = await each.verify()
        assert (found.flaws, found.entries) == ([], 50)
        await each.witness.close()
    await second.close()
