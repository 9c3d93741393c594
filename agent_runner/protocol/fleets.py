# SPDX-License-Identifier: GPL-3.0-or-later
"""How do the names of all hosts travel to one host? Packed once, the same for all of them.

Of 10,000 hosts the names and groups are half a megabyte as JSON and a twentieth of it packed:
hosts by name, groups with the numbers of their hosts and the names of the groups in them,
compressed with zlib, as base64.
"""

import base64
import binascii
import zlib
from typing import Annotated

import msgspec

MAX_FLEET_BYTES = 64 * 1024 * 1024
"""The most that a packed fleet may become: about a million hosts."""

_Number = Annotated[int, msgspec.Meta(ge=0)]


class FleetGroup(msgspec.Struct, frozen=True, array_like=True):
    """A group: the numbers of the hosts directly in it, and the names of groups in it."""

    hosts: list[_Number] = []
    children: list[str] = []


class PackedFleet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names of all hosts, and who is in which group; no variables."""

    hosts: list[str] = []
    groups: dict[str, FleetGroup] = {}

    def name_hosts(self, group: FleetGroup) -> list[str]:
        """Return the names of the hosts directly in one of its groups."""
        return [self.hosts[number] for number in group.hosts]


class FleetUnreadableError(ValueError):
    """The packed fleet cannot be unpacked."""


def pack_fleet(fleet: PackedFleet) -> str:
    """Pack a fleet for the wire."""
    return base64.b64encode(zlib.compress(msgspec.json.encode(fleet), 6)).decode()


def unpack_fleet(packed: str) -> PackedFleet:
    """Unpack a fleet.

    Raises:
        FleetUnreadableError: it is none, is too large, or numbers a host that it does not name.
    """
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(
            base64.b64decode(packed.encode(), validate=True), MAX_FLEET_BYTES
        )
        if not unpacker.eof:
            raise FleetUnreadableError(f"it is cut off, or above {MAX_FLEET_BYTES} bytes")
        fleet = msgspec.json.decode(data, type=PackedFleet)
    except (binascii.Error, zlib.error, msgspec.MsgspecError) as error:
        raise FleetUnreadableError(str(error)) from error
    last = len(fleet.hosts) - 1
    if any(number > last for group in fleet.groups.values() for number in group.hosts):
        raise FleetUnreadableError("a group has a host that is not named")
    return fleet
