# SPDX-License-Identifier: GPL-3.0-or-later
"""The key that seals secrets is replaced, whenever it is interrupted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Float, Integer, LargeBinary, String, insert, select

from api.core.errors import SealingError
from api.core.sealing import KEY_BYTES, KeyFile, Sealer, load_sealer
from api.db.database import Database
from api.keys.repository import SealedValues, list_places
from api.keys.rotator import KeyRotator
from api.models import Base
from api.models.base import UtcDateTime

OLD = bytes([7]) * KEY_BYTES
HOSTS = 5
FIRST = 101
"""Behind the rows that every database begins with."""


class SilentAudit:
    """Takes what is recorded."""

    async def record(self, *_args: Any) -> None:
        """Record nothing."""


class Work:
    """A unit of work."""

    def __init__(self, values: SealedValues) -> None:
        self.sealed_values = values
        self.audit = SilentAudit()


class Interrupted(Exception):  # noqa: N818 - not an error: a power cut
    """The process ends here."""


class Store:
    """A database with secrets in every place, and the file with the key."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self.key_file = folder / "secret.key"
        self.units = 0
        self.fail_at = -1

    @asynccontextmanager
    async def open_work(self) -> AsyncIterator[Work]:
        """Open a unit of work; the one that is to fail does so after its work was done."""
        async with self._database.unit_of_work() as session:
            yield Work(SealedValues(session))
            self.units += 1
            if self.units == self.fail_at:
                raise Interrupted

    def rotator(self) -> KeyRotator:
        """Start anew, as after a crash: with what the file holds, a row a transaction."""
        sealer = load_sealer(self.key_file)
        return KeyRotator(self.open_work, sealer, self.key_file, batch=1)  # type: ignore[arg-type]

    async def fill(self, sealer: Sealer) -> None:
        """Put a secret into every place of some hosts, groups and runs."""
        async with self._database.unit_of_work() as session:
            for table in Base.metadata.sorted_tables:
                places = [place for place in list_places() if place.column.table is table]
                for number in range(FIRST, FIRST + HOSTS) if places else ():
                    row = _make_row(table, number)
                    for place in places:
                        context = place.context.format(number)
                        row[place.column.name] = sealer.seal(context.encode(), context)
                    await session.execute(insert(table).values(row))

    async def read(self, sealer: Sealer) -> int:
        """Open every secret, and return how many there are."""
        count = 0
        async with self._database.unit_of_work(read_only=True) as session:
            for place in list_places():
                kept = select(place.key, place.column).where(place.column.is_not(None))
                for key, value in await session.execute(kept):
                    context = place.context.format(key)
                    assert sealer.unseal(value, context) == context.encode()
                    count += 1
        return count


def _make_row(table: Any, number: int) -> dict[str, Any]:
    """Make a row of any table: each column that must have a value gets one of its type."""
    values: dict[type, Any] = {
        Integer: 1,
        Float: 1.0,
        String: f"text{number}",
        Boolean: False,
        JSON: {},
        UtcDateTime: datetime(2026, 1, 1, tzinfo=UTC),
    }
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.primary_key:
            row[column.name] = number
        elif not column.nullable and column.default is None:
            fitting = (value for kind, value in values.items() if isinstance(column.type, kind))
            row[column.name] = next(fitting, b"")
    return row


@pytest.fixture
async def store(database: Database, tmp_path: Path) -> Store:
    """Return a filled database whose secrets one key seals."""
    made = Store(database, tmp_path)
    made.key_file.write_bytes(OLD)
    await made.fill(load_sealer(made.key_file))
    return made


def test_every_sealed_column_is_known() -> None:
    """A column whose name says that it is sealed says for what, so that no rotation forgets it."""
    known = {place.column for place in list_places()}
    named = {
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("_sealed") or isinstance(column.type, LargeBinary)
        if column.name != "data"  # the bytes of logs
    }
    assert {str(column) for column in named} == {str(column) for column in known}
    assert len({place.context for place in list_places()}) == len(known)


async def test_a_rotation_replaces_the_key(store: Store) -> None:
    """Afterwards the new key opens everything, and the old one nothing."""
    done = await store.rotator().rotate()
    assert store.key_file.stat().st_size == KEY_BYTES
    assert store.key_file.stat().st_mode & 0o777 == 0o600
    assert store.key_file.read_bytes() != OLD
    assert (done.resealed, done.was_resumed) == (HOSTS * len(list_places()), False)
    assert await store.read(load_sealer(store.key_file)) == done.resealed
    with pytest.raises(SealingError):
        await store.read(Sealer(OLD))


async def test_a_rotation_goes_on_after_a_crash_at_any_row(store: Store) -> None:
    """Each transaction in turn is the last one: nothing is lost, and no third key is made."""
    total = HOSTS * len(list_places())
    crashes = 0
    while True:
        rotator = store.rotator()
        store.units, store.fail_at = 0, crashes + 1
        try:
            done = await rotator.rotate()
        except Interrupted:
            crashes += 1
            assert len(KeyFile(store.key_file).read()) == 2
            assert await store.read(load_sealer(store.key_file)) == total
            continue
        break
    assert crashes > total
    assert (done.was_resumed, len(KeyFile(store.key_file).read())) == (True, 1)
    assert await store.read(load_sealer(store.key_file)) == total


async def test_another_replica_takes_the_new_key_by_itself(store: Store) -> None:
    """Who shares the folder seals with the new key from the moment on that it is written."""
    other = load_sealer(store.key_file)
    await store.rotator().rotate()
    assert await store.read(other) == HOSTS * len(list_places())
    assert load_sealer(store.key_file).is_current(other.seal(b"x", "a"))


async def test_a_secret_that_opens_with_no_key_stops_it(store: Store) -> None:
    """It is named, and both keys stay until it is set again."""
    place = list_places()[0]
    async with store._database.unit_of_work() as session:
        values = SealedValues(session)
        await values.reseal(place, 0, 1, lambda _sealed, _context: b"\x02damaged")
    with pytest.raises(SealingError, match=place.context.format(FIRST)):
        await store.rotator().rotate()
    assert len(KeyFile(store.key_file).read()) == 2
