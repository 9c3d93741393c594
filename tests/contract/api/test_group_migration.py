# SPDX-License-Identifier: GPL-3.0-or-later
"""The revision of groups, up and down on rows."""

from collections.abc import Callable

import alembic.command
import pytest
from sqlalchemy import Connection, text

from api.db.database import Database
from api.db.revisions import _make_config

HOST = (
    "INSERT INTO hosts (id, name, address, ssh_user, ssh_port, variables, created_at, updated_at,"
    " revision) VALUES ({id}, '{name}', 'a', 'root', 22, '{{}}', '2026-01-01 00:00:00',"
    " '2026-01-01 00:00:00', 1)"
)
MEMBERSHIPS = {("web1", "eu"), ("web1", "web"), ("web2", "web")}


def _list_memberships(connection: Connection, statement: str) -> set[tuple[str, str]]:
    return {(row[0], row[1]) for row in connection.execute(text(statement))}


def _go(target: str, move: Callable[..., None]) -> Callable[[Connection], None]:
    return lambda connection: move(_make_config(connection), target)


@pytest.fixture
async def old(database: Database) -> Database:
    """Return a database of the first revision with two hosts in two groups."""
    async with database.engine.begin() as connection:
        await connection.run_sync(_go("0004", alembic.command.downgrade))
        for number, name in enumerate(("web1", "web2"), start=1):
            await connection.execute(text(HOST.format(id=number, name=name)))
        for host, group in MEMBERSHIPS:
            number = int(host[-1])
            await connection.execute(
                text(f"INSERT INTO host_groups (host_id, name) VALUES ({number}, '{group}')")  # noqa: S608 - constants
            )
    return database


async def test_names_become_groups_and_names_again(old: Database) -> None:
    """Every name of a group becomes a row with its hosts, and going back keeps who is in what."""
    async with old.engine.begin() as connection:
        await connection.run_sync(_go("0005", alembic.command.upgrade))
        names = (await connection.scalars(text("SELECT name FROM groups ORDER BY name"))).all()
        assert names == ["all", "eu", "ungrouped", "web"]
        joined = (
            "SELECT hosts.name, groups.name FROM host_groups"
            " JOIN hosts ON hosts.id = host_groups.host_id"
            " JOIN groups ON groups.id = host_groups.group_id"
        )
        assert await connection.run_sync(_list_memberships, joined) == MEMBERSHIPS
    async with old.engine.begin() as connection:
        await connection.run_sync(_go("0004", alembic.command.downgrade))
        named = (
            "SELECT hosts.name, host_groups.name FROM host_groups"
            " JOIN hosts ON hosts.id = host_groups.host_id"
        )
        assert await connection.run_sync(_list_memberships, named) == MEMBERSHIPS
