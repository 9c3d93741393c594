# SPDX-License-Identifier: GPL-3.0-or-later
from api.hosts.fleet import Fleet, build_inventory
from api.hosts.targets import Member


def test_a_host_knows_itself_and_the_names_of_others() -> None:
    """The inventory holds this host's variables, and of all others only names and groups."""
    members = (Member(1, "db1", ("db",)), Member(2, "web1", ("eu", "web")), Member(3, "web2"))
    assert build_inventory(Fleet(members), "web1", {"port": 80}) == {
        "all": {
            "hosts": {"db1": None, "web1": {"port": 80}, "web2": None},
            "children": {
                "db": {"hosts": {"db1": None}},
                "eu": {"hosts": {"web1": None}},
                "web": {"hosts": {"web1": None}},
            },
        }
    }


def test_no_host_sees_what_another_one_got() -> None:
    """Inventories of one fleet share names and nothing else."""
    fleet = Fleet((Member(1, "db1"), Member(2, "web1")))
    first = build_inventory(fleet, "db1", {"password": "hunter2"})
    second = build_inventory(fleet, "web1", {})
    assert first["all"]["hosts"] == {"db1": {"password": "hunter2"}, "web1": None}
    assert second["all"]["hosts"] == {"db1": None, "web1": {}}
