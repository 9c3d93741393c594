# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the content."""

from ansible.plugins.vars import BaseVarsPlugin


class VarsModule(BaseVarsPlugin):
    """Knows one variable."""

    REQUIRES_ENABLED = False

    def get_vars(self, loader, path, entities, cache=True):
        """Return it."""
        return {"from_vars_plugin": "yes"}
