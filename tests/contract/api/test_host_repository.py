# SPDX-License-Identifier: GPL-3.0-or-later
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from api.db import lists
from api.db.database import Database
from api.executions.repository import ExecutionsRepository
from api.groups.repository import GroupRepository
from api.hosts.errors import HostExistsError
from api.hosts.presence.repository import PresenceRepository
from api.hosts.repository import HostRepository
from api.hosts.rows import mark_changed
from api.hosts.schemas import HostQuery
from api.hosts.selection.labels import match_labels
from api.hosts.targets import Contact, Member
from api.models import Agent, Execution, GroupChild, Host, HostGroup, Run

from .conftest import NOW, new_host

pytestmark = pytest.mark.usefixtures("fleet")


async def _list(database: Database, **query: Any) -> tuple[str, int]:
    async with database.unit_of_work(read_only=True) as session:
        rows = await HostRepository(session).list_hosts(HostQuery(**query))
    return " ".join(host.name for host in rows.items), rows.count


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ("db1 lonely web1 web2", 4)),
        ({"order_by": "-name"}, ("web2 web1 lonely db1", 4)),
        ({"order_by": "address"}, ("web2 lonely web1 db1", 4)),
        ({"order_by": "-created_at"}, ("lonely db1 web2 web1", 4)),
        ({"state": ["online"]}, ("web1", 1)),
        ({"state": ["offline"]}, ("web2", 1)),
        ({"state": ["not_installed"]}, ("db1 lonely", 2)),
        ({"state": ["online", "offline"]}, ("web1 web2", 2)),
        ({"state": ["failed"]}, ("", 0)),
        ({"search": "WEB"}, ("web1 web2", 2)),
        ({"search": "example"}, ("db1", 1)),
        ({"search": "%"}, ("", 0)),
        ({"search": "_"}, ("", 0)),
        ({"state": ["online"], "search": "1"}, ("web1", 1)),
        ({"page": 2, "page_size": 3}, ("web2", 4)),
        ({"page": 9}, ("", 4)),
    ],
)
async def test_lists_are_filtered_sorted_and_cut(
    database: Database, query: dict[str, Any], expected: tuple[str, int]
) -> None:
    """The database answers the page, and counts the rows of all pages."""
    assert await _list(database, **query) == expected


@pytest.mark.parametrize(
    "requirement",
    [
        "env=prod", "env!=prod", "env in (prod,test)", "env notin (prod)", "env", "!env",
        "example.org/owner=a.b-c", "tier=", "tier!=", "tier in ()",
    ],
)  # fmt: skip
async def test_labels_mean_the_same_in_the_database(database: Database, requirement: str) -> None:
    """A list's labels leave the hosts that a run's labels leave, in whatever form they are said."""
    labels: dict[str, dict[str, str]] = {
        "web1": {"env": "prod", "example.org/owner": "a.b-c"},
        "web2": {"env": "test", "tier": ""},
        "db1": {"tier": "db"},
        "lonely": {},
    }
    async with database.unit_of_work() as session:
        for host in await HostRepository(session).list_hosts_by_name(list(labels)):
            host.labels = labels[host.name]
    expected = sorted(name for name, own in labels.items() if match_labels([requirement], own))
    assert await _list(database, label=(requirement,)) == (" ".join(expected), len(expected))


async def test_groups_are_followed_inwards(database: Database) -> None:
    """A group's list has the hosts of the groups inside it; Ansible's own two are known."""
    async with database.unit_of_work() as session:
        groups = GroupRepository(session)
        eu, web = [await groups.find_group(name) for name in ("eu", "web")]
        assert eu is not None
        assert web is not None
        session.add(GroupChild(parent_id=eu.id, child_id=web.id))
    assert await _list(database, group="web") == ("web1 web2", 2)
    assert await _list(database, group="eu") == ("db1 web1 web2", 3)
    assert await _list(database, group="ungrouped") == ("lonely", 1)
    assert await _list(database, group="all") == ("db1 lonely web1 web2", 4)
    assert await _list(database, group="nobody") == ("", 0)


async def test_a_host_comes_whole(database: Database) -> None:
    """A host is found by its name with groups, variables and agent."""
    async with database.unit_of_work(read_only=True) as session:
        host = await HostRepository(session).find_host("web1")
    assert host is not None
    assert [group.name for group in host.groups] == ["eu", "web"]
    assert host.agent is not None
    assert host.agent.rpc_port == 9001
    assert host.created_at == NOW


async def test_what_is_not_there_is_none(database: Database) -> None:
    """Finding says None, and a name's case matters."""
    async with database.unit_of_work(read_only=True) as session:
        repository = HostRepository(session)
        assert await repository.find_host("WEB1") is None
        assert await repository.find_host_by_id(404) is None


async def test_a_name_is_taken_once(database: Database) -> None:
    """A second host of one name is refused, whoever asked first."""
    with pytest.raises(HostExistsError, match="'web1' already"):
        async with database.unit_of_work() as session:
            await HostRepository(session).add_host(new_host("web1"))


def _make_run(host: Host) -> tuple[Run, Execution]:
    facts: dict[str, Any] = {"status": "successful", "created_at": NOW}
    run = Run(id=7, kind="command", name="true", spec={}, created_by="admin", **facts)
    return run, _make_execution("e1", host, "successful")


def _make_execution(execution_id: str, host: Host, status: str) -> Execution:
    return Execution(
        id=execution_id,
        run_id=7,
        host_id=host.id,
        host_name=host.name,
        status=status,
        created_at=NOW,
        finished_at=None if status == "running" else NOW,
    )


async def test_the_last_end_says_who_failed(database: Database) -> None:
    """A host has failed when its last execution that ended did not do what it should."""
    ends = {"web1": ["successful", "failed"], "web2": ["failed", "successful"]}
    ends |= {"db1": ["lost", "running"], "lonely": ["failed", "canceled"]}
    async with database.unit_of_work() as session:
        repository = HostRepository(session)
        hosts = await repository.list_hosts_by_name(list(ends))
        session.add(_make_run(hosts[0])[0])
        await session.flush()
        for host in hosts:
            for number, _ in enumerate(ends[host.name]):
                session.add(_make_execution(f"{host.name}-{number}", host, "running"))
        await session.flush()
        executions = ExecutionsRepository(session)
        for name, states in ends.items():
            # In whatever order they end: the newest one decides.
            for number, status in reversed(list(enumerate(states))):
                if status != "running":
                    end = {"status": status, "finished_at": NOW}
                    await executions.finish({f"{name}-{number}": end})
    assert await _list(database, state=["failed"]) == ("db1 web1", 2)
    assert await _list(database, state=["failed", "online"]) == ("web1", 1)
    async with database.unit_of_work(read_only=True) as session:
        ids = await HostRepository(session).list_ids_in_states(["failed"])
    assert ids == {host.id for host in hosts if host.name in {"db1", "web1"}}
    async with database.unit_of_work() as session:
        end = {"status": "canceled", "finished_at": NOW, "reason_code": "agent_lost"}
        (await session.get_one(Execution, "db1-0")).reason_code = "agent_lost"
        await session.flush()
        await ExecutionsRepository(session).correct("db1-0", {"status": "successful"})
        assert await ExecutionsRepository(session).finish({"web1-1": end}) == []
    assert await _list(database, state=["failed"]) == ("web1", 1)


async def test_only_the_hosts_with_given_ids_are_listed(database: Database) -> None:
    """Thousands of ids fit, as a pattern over a large fleet leaves them."""
    async with database.unit_of_work(read_only=True) as session:
        repository = HostRepository(session)
        web1, *_ = await repository.list_hosts_by_name(["web1"])
        many = [web1.id, *range(1_000, 41_000)]
        rows = await repository.list_hosts(HostQuery(), many)
        assert [host.name for host in rows.items] == ["web1"]
        assert (await repository.list_hosts(HostQuery(), [])).count == 0


async def test_a_host_leaves_its_executions(database: Database) -> None:
    """Deleting a host takes groups and agent along, and its executions keep its name."""
    async with database.unit_of_work() as session:
        repository = HostRepository(session)
        host = await repository.find_host("web1")
        assert host is not None
        for row in _make_run(host):
            session.add(row)
            await session.flush()
        await repository.delete_host(host)
    async with database.unit_of_work(read_only=True) as session:
        execution = await session.get_one(Execution, "e1")
        assert (execution.host_id, execution.host_name) == (None, "web1")
        assert (await session.scalars(select(Host.name).order_by(Host.name))).all() == [
            "db1",
            "lonely",
            "web2",
        ]
        assert 9001 not in await HostRepository(session).list_taken_ports()
        assert host.id not in set((await session.scalars(select(HostGroup.host_id))).all())


async def test_members_are_all_hosts_with_their_groups(database: Database) -> None:
    """Patterns are resolved over all hosts by name, those without a group included."""
    async with database.unit_of_work(read_only=True) as session:
        members = await HostRepository(session).list_members()
    assert [(member.name, member.groups) for member in members] == [
        ("db1", ("eu",)),
        ("lonely", ()),
        ("web1", ("eu", "web")),
        ("web2", ("us", "web")),
    ]
    assert all(isinstance(member, Member) for member in members)


async def test_hosts_are_listed_by_names(database: Database) -> None:
    """Those that exist come, in the order of their names."""
    async with database.unit_of_work(read_only=True) as session:
        rows = await HostRepository(session).list_hosts_by_name(["web2", "nope", "db1"])
    assert [host.name for host in rows] == ["db1", "web2"]


async def test_contacts_are_recorded(database: Database) -> None:
    """An answer makes an agent online, silence offline, and one that is not installed stays so."""
    async with database.unit_of_work() as session:
        ids = {m.name: m.host_id for m in await HostRepository(session).list_members()}
    later = datetime(2026, 2, 1, tzinfo=UTC)
    async with database.unit_of_work() as session:
        await PresenceRepository(session).record_contacts(
            [
                Contact(ids["web1"], version=None, error="no route"),
                Contact(ids["web2"], version="1.2.3"),
                Contact(ids["db1"], version="1.2.3"),
                Contact(404, version="1.2.3"),
            ],
            later,
        )
    async with database.unit_of_work(read_only=True) as session:
        silent = await session.get_one(Agent, ids["web1"])
        assert (silent.status, silent.last_error, silent.last_seen_at) == (
            "offline",
            "no route",
            None,
        )
        heard = await session.get_one(Agent, ids["web2"])
        assert (heard.status, heard.last_error, heard.version) == ("online", None, "1.2.3")
        assert heard.last_seen_at == later
        assert (await session.get_one(Agent, ids["db1"])).status == "not_installed"


async def test_the_stamp_tells_states_of_the_fleet_apart(database: Database) -> None:
    """Adding, changing and deleting a host each make another stamp; reading does not."""
    stamps = []

    async def look() -> None:
        async with database.unit_of_work(read_only=True) as session:
            stamps.append(await HostRepository(session).get_stamp())

    await look()
    await look()
    assert stamps[0] == stamps[1]
    async with database.unit_of_work() as session:
        await HostRepository(session).add_host(new_host("web3"))
    await look()
    async with database.unit_of_work() as session:
        host = await HostRepository(session).find_host("web1")
        assert host is not None
        mark_changed(host, NOW)
    await look()
    async with database.unit_of_work() as session:
        repository = HostRepository(session)
        added = await repository.find_host("web3")
        assert added is not None
        await repository.delete_host(added)
    await look()
    assert len(set(stamps[1:])) == 4


async def test_a_page_far_behind_is_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However far behind a page is, it holds what comes there, with all that a host has."""
    monkeypatch.setattr(lists, "FAR", 1)

    assert await _list(database, page=2, page_size=2) == ("web1 web2", 4)
    assert await _list(database, page=2, page_size=1, search="web") == ("web2", 2)
