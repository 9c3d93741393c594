# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses are the internet's, and which may be reached only where somebody allows it?"""

from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.notifications.addresses import may_connect


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.1.2.3", "10.0.0.1", "172.16.0.1",
        "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192",
        "168.63.129.16", "198.18.0.1", "192.0.2.1", "224.0.0.1", "239.1.2.3", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
        "2002:7f00:1::1", "2002:a00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_what_is_not_of_the_internet(address: str) -> None:
    """Is refused in whatever form it comes."""
    assert not may_connect(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_is_of_the_internet(address: str) -> None:
    """Is let through."""
    assert may_connect(address)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.0.0.0/8"),
        ("::ffff:10.1.2.3", "10.0.0.0/8"),
        ("64:ff9b::a01:203", "10.0.0.0/8"),
        ("fd00::5", "fd00::/8"),
    ],
)
def test_an_allowed_network_is_let_through(address: str, network: str) -> None:
    """And nothing beside it."""
    assert may_connect(address, [ip_network(network)])
    assert not may_connect("192.168.0.1", [ip_network(network)])


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_another_way_to_write_an_address_opens_nothing(address: IPv4Address) -> None:
    """Whatever an IPv6 address stands for is judged as the IPv4 address that is meant."""
    assert may_connect(f"::ffff:{address}") == may_connect(str(address))
    assert may_connect(f"64:ff9b::{address}") == may_connect(str(address))
    if not may_connect(str(address)):
        upper, lower = divmod(int(address), 2**16)
        assert not may_connect(f"2002:{upper:x}:{lower:x}::1")
