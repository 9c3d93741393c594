# SPDX-License-Identifier: GPL-3.0-or-later
"""To which addresses may something be sent that somebody asked for? To those of the internet.

Whoever may add a notification could else let the control plane knock at what only it can reach: the
loopback, the network it stands in, the metadata service of a cloud.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_INTERNET6 = IPv6Network("2000::/3")
"""All of IPv6 that is given out for it."""

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""Behind it a gateway takes the last 32 bits for an IPv4 address."""

_METADATA = (ip_network("192.0.0.0/24"), ip_network("168.63.129.16/32"))
"""Where clouds answer their own machines under addresses that count as public."""


def may_connect(text: str, allowed: Sequence[Network] = ()) -> bool:
    """Say whether an address is of the internet, or in one of the networks that are allowed."""
    return _may_connect(ip_address(text.split("%", 1)[0]), allowed)


def _may_connect(address: Address, allowed: Sequence[Network]) -> bool:
    if any(address in network for network in allowed):
        return True
    if isinstance(address, IPv4Address):
        is_special = address.is_multicast or any(address in network for network in _METADATA)
        return address.is_global and not is_special
    if address.ipv4_mapped is not None:
        return _may_connect(address.ipv4_mapped, allowed)
    if address in _TRANSLATED:
        return _may_connect(IPv4Address(address.packed[-4:]), allowed)
    if address.sixtofour is not None and not _may_connect(address.sixtofour, allowed):
        return False
    return address in _INTERNET6 and address.is_global
