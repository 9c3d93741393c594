# SPDX-License-Identifier: GPL-3.0-or-later
"""How far may somebody run what they ask for?

Targets are resolved over all hosts and then compared with this reach, so that a run which would
silently leave out hosts is refused with their names instead.
"""

from typing import NamedTuple

from api.auth.errors import PermissionDeniedError
from api.auth.permissions import Permission
from api.auth.principals import Principal
from api.auth.scopes import Scope


class Asker(NamedTuple):
    """Who asks for a run, and how far what they ask for reaches."""

    principal: Principal
    scope: Scope


def ask(
    principal: Principal, permission: Permission, template: str, *, brings_content: bool = False
) -> Asker:
    """Return how far the permission reaches for one template (see ``name_template``).

    A template stands for what the control plane's own content says under its name. Who brings
    the content along needs a grant without limits to templates.

    Raises:
        PermissionDeniedError: nowhere.
    """
    scope = principal.scope_of(permission).narrow(template)
    if brings_content:
        scope = scope.without_templates()
    if not scope.reaches:
        raise PermissionDeniedError.of_template(principal.name, template)
    return Asker(principal, scope)
