# SPDX-License-Identifier: GPL-3.0-or-later
from agent_runner.protocol.fleets import FleetGroup, unpack_fleet
from api.db.lists import TableStamp
from api.groups.hierarchy import GroupNode
from api.hosts.selection.fleet import Fleet, FleetCache, build_inventory
from api.hosts.targets import FleetStamp, Member

FLEET = Fleet(
    (Member(1, "db1", ("db",)), Member(2, "web1", ("eu", "web")), Member(3, "lonely")),
    (
        GroupNode("all"),
        GroupNode("db"),
        GroupNode("servers", ("db", "web")),
        GroupNode("site", ("servers",)),
        GroupNode("ungrouped"),
        GroupNode("web"),
    ),
)


def test_a_group_holds_the_hosts_of_the_groups_in_it() -> None:
    """However deep they are nested, and those that exist without hosts too."""
    assert FLEET.hosts_by_group == {
        "all": {"db1", "lonely", "web1"},
        "db": {"db1"},
        "eu": {"web1"},
        "servers": {"db1", "web1"},
        "site": {"db1", "web1"},
        "ungrouped": {"lonely"},
        "web": {"web1"},
    }


def test_a_host_is_in_the_groups_around_its_own() -> None:
    """And in 'all'; in 'ungrouped' only where it is in nothing else."""
    db1, web1, lonely = FLEET.members
    assert FLEET.list_groups_of(db1) == {"all", "db", "servers", "site"}
    assert FLEET.list_groups_of(web1) == {"all", "eu", "servers", "site", "web"}
    assert FLEET.list_groups_of(lonely) == {"all", "ungrouped"}


def test_a_host_learns_its_own_variables_and_those_of_its_groups() -> None:
    """They stay apart, since Ansible merges them."""
    groups = {"web": {"port": 80}, "all": {"a": 1}, "eu": {}}
    assert build_inventory("web1", {"port": 8080}, groups) == {
        "all": {
            "vars": {"a": 1},
            "hosts": {"web1": {"port": 8080}},
            "children": {"web": {"vars": {"port": 80}}},
        }
    }


def test_the_fleet_travels_as_names() -> None:
    """All hosts, and who is directly in which group; Ansible makes its own two groups itself."""
    packed = unpack_fleet(FLEET.packed)
    assert packed.hosts == ["db1", "web1", "lonely"]
    assert packed.groups == {
        "db": FleetGroup([0]),
        "eu": FleetGroup([1]),
        "servers": FleetGroup([], ["db", "web"]),
        "site": FleetGroup([], ["servers"]),
        "web": FleetGroup([1]),
    }


async def test_the_fleet_is_loaded_when_it_has_changed() -> None:
    """The same stamp means the same fleet; a change of hosts or of groups means another."""
    cache, loaded = FleetCache(), []

    async def load() -> Fleet:
        loaded.append(1)
        return FLEET

    stamps = [
        FleetStamp(TableStamp(hosts), TableStamp(groups))
        for hosts, groups in ((1, 1), (1, 1), (2, 1), (2, 2), (2, 2))
    ]
    for stamp in stamps:
        await cache.get_fleet(stamp, load)
    assert len(loaded) == 3
