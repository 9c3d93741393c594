# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import pytest
from fastapi import FastAPI

from agent_runner.protocol.fleets import FleetGroup, PackedFleet, unpack_fleet
from api.composition import Composition
from api.groups.schemas import GroupCreate, GroupUpdate
from api.hosts.errors import AgentNotInstalledError, HostNotFoundError
from api.hosts.schemas import HostCreate, HostUpdate
from api.hosts.targets import AgentIdentity, InstallPlan, InstallRecord

IDENTITY = AgentIdentity(9100, "a3f8b9c2d1e4", "hunter2-token-hunter2", "hunter2-key-hunter2")
RECORD = InstallRecord("ab" * 32, "1.2.3", "ssh-ed25519 AAAA", IDENTITY)


@pytest.fixture
async def composition(app: FastAPI) -> Composition:
    """Return the running application's parts, with two hosts."""
    parts: Composition = app.state.composition
    async with parts.unit_of_work() as services:
        for name in ("web1", "web2"):
            body = HostCreate.model_validate(
                {"name": name, "address": "192.0.2.1", "ssh_password": "hunter2"}
            )
            await services.hosts.create_host(body)
    return parts


async def _prepare(composition: Composition, *names: str) -> list[InstallPlan]:
    async with composition.unit_of_work() as services:
        return await services.host_agents.prepare_install(names)


async def _install(composition: Composition, name: str, *, forget: bool = False) -> InstallPlan:
    [plan] = await _prepare(composition, name)
    async with composition.unit_of_work() as services:
        await services.host_agents.record_install(
            plan.host_id, replace(RECORD, identity=plan.identity), forget_ssh_credentials=forget
        )
    return plan


async def test_an_identity_is_made_once(composition: Composition) -> None:
    """Every install of a host gets the port, path, token and key of the first."""
    first = await _prepare(composition, "web2", "web1")
    again = await _prepare(composition, "web1", "web2")
    assert [plan.name for plan in first] == ["web1", "web2"]
    assert first == again
    assert first[0].identity.rpc_port != first[1].identity.rpc_port
    assert first[0].credentials.password == "hunter2"


async def test_nothing_is_prepared_for_a_mistyped_name(composition: Composition) -> None:
    """All unknown names are told at once, and the known ones get no identity."""
    with pytest.raises(HostNotFoundError, match="no hosts 'x', 'y'"):
        await _prepare(composition, "x", "web1", "y")
    async with composition.unit_of_work(read_only=True) as services:
        assert (await services.hosts.get_host("web1")).agent.rpc_port is None


async def test_an_install_makes_an_agent_callable(composition: Composition) -> None:
    """After an install the host is online under its pinned certificate."""
    plan = await _install(composition, "web1")
    async with composition.unit_of_work(read_only=True) as services:
        host = await services.hosts.get_host("web1")
        endpoint = await services.host_agents.get_endpoint(plan.host_id)
    assert (host.agent.status, host.agent.version) == ("online", "1.2.3")
    assert host.has_ssh_credentials
    assert endpoint.cert_fingerprint == RECORD.cert_fingerprint
    assert endpoint.rpc_path == plan.identity.rpc_path
    assert endpoint.agent_token == plan.identity.agent_token


async def test_the_accepted_host_key_is_kept(composition: Composition) -> None:
    """The next install verifies the key, until the host moves elsewhere."""
    await _install(composition, "web1")
    assert (await _prepare(composition, "web1"))[0].host_key == RECORD.host_key
    async with composition.unit_of_work() as services:
        await services.hosts.update_host("web1", HostUpdate(address="192.0.2.1", ssh_user="x"))
    assert (await _prepare(composition, "web1"))[0].host_key == RECORD.host_key
    async with composition.unit_of_work() as services:
        await services.hosts.update_host("web1", HostUpdate(address="192.0.2.2"))
    assert (await _prepare(composition, "web1"))[0].host_key is None


async def test_an_install_may_forget_the_credentials(composition: Composition) -> None:
    """With that wish, the key and password are gone after success."""
    await _install(composition, "web1", forget=True)
    async with composition.unit_of_work(read_only=True) as services:
        assert not (await services.hosts.get_host("web1")).has_ssh_credentials


async def test_an_uninstalled_agent_is_not_called(composition: Composition) -> None:
    """After an uninstall the host has no agent, and its next install keeps port and path."""
    plan = await _install(composition, "web1")
    async with composition.unit_of_work() as services:
        await services.host_agents.record_uninstall(plan.host_id)
    async with composition.unit_of_work(read_only=True) as services:
        with pytest.raises(AgentNotInstalledError, match="myx host install web1"):
            await services.host_agents.get_endpoint(plan.host_id)
    [again] = await _prepare(composition, "web1")
    assert again == replace(plan, host_key=RECORD.host_key)


async def test_a_host_that_was_removed_meanwhile_is_told(composition: Composition) -> None:
    """A workflow that comes back for a host that is gone gets an error of ours."""
    plan = await _install(composition, "web1")
    async with composition.unit_of_work() as services:
        await services.hosts.delete_host("web1")
    async with composition.unit_of_work() as services:
        with pytest.raises(HostNotFoundError):
            await services.host_agents.record_install(plan.host_id, RECORD)


async def test_patterns_follow_every_change(composition: Composition) -> None:
    """What was just added, regrouped or removed counts for the next run."""

    async def select(pattern: str) -> str:
        async with composition.unit_of_work(read_only=True) as services:
            members = await services.host_selection.select_hosts([pattern])
        return " ".join(member.name for member in members)

    assert await select("all") == "web1 web2"
    async with composition.unit_of_work() as services:
        await services.hosts.update_host("web2", HostUpdate(groups=["web"]))
    assert await select("web") == "web2"
    async with composition.unit_of_work() as services:
        await services.hosts.update_host("web1", HostUpdate(groups=["web"]))
        await services.hosts.delete_host("web2")
    assert await select("web") == "web1"
    assert await select("web*") == "web1"


async def test_the_inventory_has_the_whole_fleet(composition: Composition) -> None:
    """A host's inventory names the others as they are now."""
    async with composition.unit_of_work() as services:
        await services.hosts.update_host("web1", HostUpdate(groups=["web"], variables={"a": 1}))
    async with composition.unit_of_work(read_only=True) as services:
        [member] = await services.host_selection.select_hosts(["web1"])
        views = await services.host_selection.build_views([member.host_id, 99])
    assert views.keys() == {member.host_id}
    view = views[member.host_id]
    connection = {"ansible_host": "192.0.2.1", "ansible_user": "root", "ansible_port": 22}
    assert view.inventory == {
        "all": {"hosts": {"web1": {**connection, "a": 1}}, "children": {}},
    }
    assert unpack_fleet(view.fleet) == PackedFleet(["web1", "web2"], {"web": FleetGroup([0])})


async def test_a_host_learns_what_its_groups_say(composition: Composition) -> None:
    """Variables of its groups and those around them travel, secrets too, which are masked."""
    async with composition.unit_of_work() as services:
        groups = services.groups
        await groups.create_group(
            GroupCreate(name="web", variables={"a": 1}, secret_variables={"s": "secret-of-web"})
        )
        await groups.create_group(GroupCreate(name="site", children=["web"], variables={"b": 2}))
        await groups.create_group(GroupCreate(name="other", variables={"no": "business"}))
        await groups.update_group("all", GroupUpdate(variables={"c": 3}))
        change = HostUpdate(groups=["web"], secret_variables={"deep": {"key": ["own-secret", "x"]}})
        await services.hosts.update_host("web1", change)
    async with composition.unit_of_work(read_only=True) as services:
        [member] = await services.host_selection.select_hosts(["site"])
        [view] = (await services.host_selection.build_views([member.host_id])).values()
    everything = view.inventory["all"]
    assert everything["vars"] == {"c": 3}
    assert everything["children"] == {
        "site": {"vars": {"b": 2}},
        "web": {"vars": {"a": 1, "s": "secret-of-web"}},
    }
    assert everything["hosts"]["web1"]["deep"] == {"key": ["own-secret", "x"]}
    assert sorted(view.secrets) == ["own-secret", "secret-of-web"]
    assert "secret" not in repr(view)
