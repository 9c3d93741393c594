# SPDX-License-Identifier: GPL-3.0-or-later
from datetime import timedelta
from typing import Any

import pytest

from api.bundles.repository import BundleRepository
from api.bundles.schemas import BundleQuery
from api.db.database import Database
from api.models import Bundle, Run

from .conftest import NOW


def _bundle(digest: str, **changes: Any) -> Bundle:
    facts: dict[str, Any] = {"size_bytes": 1, "files": 1, "origin": "upload", "created_at": NOW}
    return Bundle(digest=digest, **facts | changes)


async def test_a_digest_is_one_bundle(database: Database) -> None:
    """The same digest again is no error, changes nothing, and keeps the unit of work usable."""
    async with database.unit_of_work() as session:
        repository = BundleRepository(session)
        assert await repository.add_bundle(_bundle("a"))
    async with database.unit_of_work() as session:
        repository = BundleRepository(session)
        assert not await repository.add_bundle(_bundle("a", origin="content_dir"))
        assert await repository.add_bundle(_bundle("b"))
    async with database.unit_of_work(read_only=True) as session:
        repository = BundleRepository(session)
        stored = await repository.find_bundle("a")
        assert stored is not None
        assert stored.origin == "upload"
        assert await repository.find_bundle("b") is not None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["c", "b", "a"]),
        ({"order_by": "created_at"}, ["a", "b", "c"]),
        ({"order_by": "-size_bytes"}, ["b", "c", "a"]),
        ({"origin": "content_dir"}, ["b"]),
        ({"page": 2, "page_size": 2}, ["a"]),
    ],
)
async def test_bundles_are_listed(
    database: Database, query: dict[str, Any], expected: list[str]
) -> None:
    """Bundles come newest first, or as asked for."""
    async with database.unit_of_work() as session:
        repository = BundleRepository(session)
        await repository.add_bundle(_bundle("a"))
        later = NOW + timedelta(days=1)
        await repository.add_bundle(
            _bundle("b", size_bytes=9, origin="content_dir", created_at=later)
        )
        await repository.add_bundle(_bundle("c", size_bytes=5, created_at=later + timedelta(1)))
    async with database.unit_of_work(read_only=True) as session:
        rows = await BundleRepository(session).list_bundles(BundleQuery(**query))
    assert [bundle.digest for bundle in rows.items] == expected


async def test_what_nothing_needs_is_found(database: Database) -> None:
    """Not what a run has, what somebody names, the content's last one, the newest, or is young."""
    async with database.unit_of_work() as session:
        for number, digest in enumerate("abcdefgh"):
            at = NOW - timedelta(days=10 - number)
            origin = "content_dir" if digest in "bc" else "upload"
            session.add(_bundle(digest, created_at=at, origin=origin))
        facts = {"kind": "playbook", "name": "site.yml", "spec": {}, "created_by": "admin"}
        session.add(Run(**facts, created_at=NOW, status="successful", bundle_digest="a"))
    async with database.unit_of_work(read_only=True) as session:
        repository = BundleRepository(session)
        found = await repository.list_unneeded(NOW, keep=2, needed={"e"})
        assert [bundle.digest for bundle in found] == ["b", "d", "f"]
        young = await repository.list_unneeded(NOW - timedelta(days=8), keep=2, needed=())
        assert [bundle.digest for bundle in young] == ["b"]
