# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a host where thousands are read?"""

from typing import Any, NamedTuple

from api.hosts.targets import HostSpec


class StoredHost(NamedTuple):
    """A host as it is stored, in the order of the columns that are read."""

    id: int
    name: str
    address: str
    ssh_user: str
    ssh_port: int
    variables: dict[str, Any]
    secret_variables_sealed: bytes | None
    ssh_host_key: str | None
    revision: int
    cert_fingerprint: str | None
    groups: tuple[str, ...]

    def describe(self) -> HostSpec:
        """Describe it as an inventory does, without secrets."""
        return HostSpec(
            name=self.name,
            groups=self.groups,
            variables=self.variables,
            address=self.address,
            ssh_user=self.ssh_user,
            ssh_port=self.ssh_port,
        )
