# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the repositories' suites share? Rows to begin with."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.db.database import Database
from api.groups.repository import GroupRepository
from api.groups.rows import make_group
from api.hosts.repository import HostRepository
from api.hosts.rows import make_host
from api.models import Agent, Host

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def new_host(name: str, **changes: Any) -> Host:
    """Make a host's row."""
    facts: dict[str, Any] = {"address": "192.0.2.1", "variables": {}, "at": NOW}
    return make_host(name=name, **facts | changes)


def new_agent(status: str, **changes: Any) -> Agent:
    """Make an agent's row, without secrets worth the name."""
    facts: dict[str, Any] = {
        "rpc_port": 9000,
        "rpc_path": "p",
        "token_sealed": b"t",
        "secret_key_sealed": b"k",
    }
    return Agent(status=status, **facts | changes)


@pytest.fixture
async def fleet(database: Database) -> None:
    """Store four hosts."""
    async with database.unit_of_work() as session:
        repository = HostRepository(session)
        eu, us, web = (make_group(name, NOW) for name in ("eu", "us", "web"))
        await GroupRepository(session).add_groups([eu, us, web])
        web1 = new_host("web1", address="192.0.2.2", groups=[eu, web])
        web1.agent = new_agent("online", rpc_port=9001)
        web2 = new_host("web2", address="192.0.2.1", groups=[us, web])
        web2.agent = new_agent("offline", rpc_port=9002)
        db1 = new_host("db1", address="db1.example.org", groups=[eu])
        db1.agent = new_agent("not_installed", rpc_port=9003)
        for host in (web1, web2, db1, new_host("lonely", variables={"a": [1, None]})):
            await repository.add_host(host)
