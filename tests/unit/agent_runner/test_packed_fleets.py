# SPDX-License-Identifier: GPL-3.0-or-later
import base64
import contextlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_runner.protocol import fleets
from agent_runner.protocol.fleets import (
    FleetGroup,
    FleetUnreadableError,
    PackedFleet,
    pack_fleet,
    unpack_fleet,
)


def test_what_was_packed_comes_out() -> None:
    """Hosts, groups and groups in groups survive the wire."""
    fleet = PackedFleet(["a", "ü"], {"web": FleetGroup([1]), "all_web": FleetGroup([], ["web"])})
    assert unpack_fleet(pack_fleet(fleet)) == fleet
    assert fleet.name_hosts(fleet.groups["web"]) == ["ü"]


def test_ten_thousand_names_travel_light() -> None:
    """A fleet of 10,000 hosts in three groups each stays far below a request's limit."""
    hosts = [f"web-{number:05}.eu-west-1.example.org" for number in range(10_000)]
    groups = {f"g{n}": FleetGroup(list(range(n, 10_000, 10))) for n in range(10)}
    groups |= {f"h{n}": FleetGroup(list(range(n, 10_000, 5))) for n in range(5)}
    groups["web"] = FleetGroup(list(range(10_000)))
    assert len(pack_fleet(PackedFleet(hosts, groups))) < 150_000


@pytest.mark.parametrize(
    "packed",
    [
        "ä",
        "AAAA",
        base64.b64encode(zlib.compress(b"[]")).decode(),
        base64.b64encode(zlib.compress(b"{}")[:-3]).decode(),
        pack_fleet(PackedFleet(["a"], {"web": FleetGroup([1])})),
        base64.b64encode(zlib.compress(b'{"hosts":["a"],"groups":{"web":[[-1]]}}')).decode(),
    ],
)
def test_what_is_no_fleet_is_refused(packed: str) -> None:
    """No base64, no zlib, no fleet, cut off, a host without a name: each says so."""
    with pytest.raises(FleetUnreadableError):
        unpack_fleet(packed)


def test_a_fleet_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small text cannot fill the memory of a host."""
    monkeypatch.setattr(fleets, "MAX_FLEET_BYTES", 1000)
    bomb = base64.b64encode(zlib.compress(b'{"hosts":[' + b" " * 10_000 + b"]}")).decode()
    with pytest.raises(FleetUnreadableError, match=r"above 1000 bytes"):
        unpack_fleet(bomb)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing else than the two comes of hostile input."""
    packed = base64.b64encode(zlib.compress(data)).decode()
    with contextlib.suppress(FleetUnreadableError):
        unpack_fleet(packed)
