# SPDX-License-Identifier: GPL-3.0-or-later
"""How do all hosts become what an inventory says? Planned first, then carried out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.groups.fields import merge_secrets
from api.hosts.bulk.repository import HostBulkRepository
from api.hosts.bulk.stored import StoredHost
from api.hosts.targets import HostSpec
from api.hosts.vault import HostVault


@dataclass(frozen=True, slots=True)
class HostPlan:
    """What is to be done with which hosts."""

    created: list[HostSpec]
    updated: list[HostSpec]
    removed: list[str]
    kept: list[str]
    """Not in the inventory, and not removed since they have an agent."""
    unchanged: int
    stored: Mapping[str, StoredHost]


class HostBulkService:
    """All hosts at once, in one unit of work."""

    def __init__(self, repository: HostBulkRepository, vault: HostVault) -> None:
        self._repository = repository
        self._vault = vault

    async def plan(self, specs: Sequence[HostSpec], *, prune: bool) -> HostPlan:
        """Say what is to be done."""
        stored = {host.name: host for host in await self._repository.list_stored()}
        created = [spec for spec in specs if spec.name not in stored]
        known = [spec for spec in specs if spec.name in stored]
        updated = [spec for spec in known if self._differs(spec, stored[spec.name])]
        left = sorted(stored.keys() - {spec.name for spec in specs}) if prune else []
        kept = [name for name in left if stored[name].cert_fingerprint is not None]
        removed = [name for name in left if stored[name].cert_fingerprint is None]
        return HostPlan(created, updated, removed, kept, len(known) - len(updated), stored)

    async def carry_out(self, plan: HostPlan, group_ids: Mapping[str, int], at: datetime) -> None:
        """Create, update and remove hosts; ``group_ids`` are those of all their groups."""
        ids = await self._repository.add_hosts([_make_row(spec, at) for spec in plan.created])
        sealed = [
            {"id": ids[spec.name], "secret_variables_sealed": self._seal(ids[spec.name], spec, {})}
            for spec in plan.created
            if spec.secrets
        ]
        await self._repository.update_hosts(sealed)
        changes = [self._change_row(spec, plan.stored[spec.name], at) for spec in plan.updated]
        await self._repository.update_hosts(changes)
        ids |= {spec.name: plan.stored[spec.name].id for spec in plan.updated}
        await self._repository.set_groups(
            {
                ids[spec.name]: [group_ids[group] for group in spec.groups]
                for spec in (*plan.created, *plan.updated)
            }
        )
        await self._repository.delete_hosts([plan.stored[name].id for name in plan.removed])

    async def list_specs(self, names: Collection[str] | None = None) -> list[HostSpec]:
        """List hosts within the scope as an inventory describes them, without secrets."""
        return [host.describe() for host in await self._repository.list_stored(names)]

    def _differs(self, spec: HostSpec, stored: StoredHost) -> bool:
        wanted = (spec.variables, sorted(spec.groups), *_resolve(spec, stored))
        found = (stored.variables, sorted(stored.groups), *_resolve(stored.describe(), stored))
        if wanted != found:
            return True
        return not _is_part(spec.secrets, self._open(stored))

    def _change_row(self, spec: HostSpec, stored: StoredHost, at: datetime) -> dict[str, Any]:
        address, ssh_user, ssh_port = _resolve(spec, stored)
        has_moved = (address, ssh_port) != (stored.address, stored.ssh_port)
        return {
            "id": stored.id,
            "address": address,
            "ssh_user": ssh_user,
            "ssh_port": ssh_port,
            # The key of an SSH server elsewhere says nothing about this one.
            "ssh_host_key": None if has_moved else stored.ssh_host_key,
            "variables": dict(spec.variables),
            "secret_variables_sealed": self._seal(stored.id, spec, self._open(stored)),
            "updated_at": at,
            "revision": stored.revision + 1,
        }

    def _open(self, stored: StoredHost) -> dict[str, Any]:
        return self._vault.open_secrets(stored.id, stored.secret_variables_sealed)

    def _seal(self, host_id: int, spec: HostSpec, kept: Mapping[str, Any]) -> bytes | None:
        return self._vault.seal_secrets(host_id, merge_secrets(kept, spec.secrets))


def _resolve(spec: HostSpec, stored: StoredHost) -> tuple[str, str, int]:
    """Return where a host is reached: what an inventory does not say stays."""
    return (
        spec.address or stored.address,
        spec.ssh_user or stored.ssh_user,
        spec.ssh_port or stored.ssh_port,
    )


def _make_row(spec: HostSpec, at: datetime) -> dict[str, Any]:
    """Return the columns of a new host, which is reached by its name where nothing else is said."""
    described = dict.fromkeys(("description", "location", "provider", "idc"), "")
    return {
        "name": spec.name,
        "address": spec.address or spec.name,
        "ssh_user": spec.ssh_user or "root",
        "ssh_port": spec.ssh_port or 22,
        "variables": dict(spec.variables),
        "labels": {},
        "created_at": at,
        "updated_at": at,
        "revision": 1,
        **described,
    }


def _is_part(part: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return all(whole.get(name) == value for name, value in part.items())
