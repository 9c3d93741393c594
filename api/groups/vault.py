# SPDX-License-Identifier: GPL-3.0-or-later
"""Which secrets has a group? Its row, which must have its id, holds them only sealed."""

from collections.abc import Mapping
from typing import Any

from api.core.sealing import Sealer
from api.groups.fields import merge_secrets
from api.models import Group


class GroupVault:
    """Puts secret variables into rows of groups, and reads them."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def read_secrets(self, group: Group) -> dict[str, Any]:
        """Open the secret variables of the group."""
        if group.secret_variables_sealed is None:
            return {}
        secrets: dict[str, Any] = self._sealer.unseal_json(
            group.secret_variables_sealed, _context(group)
        )
        return secrets

    def change_secrets(self, group: Group, changes: Mapping[str, Any]) -> None:
        """Set secret variables of the group, or take them out with None; the rest stays."""
        if changes:
            secrets = merge_secrets(self.read_secrets(group), changes)
            sealed = self._sealer.seal_json(secrets, _context(group)) if secrets else None
            group.secret_variables_sealed = sealed


def _context(group: Group) -> str:
    return f"groups/{group.id}/variables"
