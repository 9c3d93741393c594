# SPDX-License-Identifier: GPL-3.0-or-later
from api.hosts.inventory import build_inventory
from api.hosts.targets import Member


def test_a_host_knows_itself_and_the_names_of_others() -> None:
    """The inventory holds this host's variables, and of all others only names and groups."""
    members = [Member(1, "db1", ("db",)), Member(2, "web1", ("eu", "web")), Member(3, "web2")]
    assert build_inventory(members, "web1", {"port": 80}) == {
        "all": {
            "hosts": {"db1": None, "web1": {"port": 80}, "web2": None},
            "children": {
                "db": {"hosts": {"db1": None}},
                "eu": {"hosts": {"web1": None}},
                "web": {"hosts": {"web1": None}},
            },
        }
    }
