# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the modules share? Options of the connection, check mode, and how errors are told."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._errors import ApiError, FleetError
from ansible_collections.myx.fleet.plugins.module_utils._settings import CONNECTION_SPEC, Settings

Result = t.Dict[str, t.Any]


class FleetModule(AnsibleModule):  # type: ignore[misc]
    """A module that asks the control plane. All of them know check mode."""

    def __init__(self, argument_spec: t.Mapping[str, t.Any], **rules: t.Any) -> None:
        super().__init__(
            argument_spec={**CONNECTION_SPEC, **argument_spec}, supports_check_mode=True, **rules
        )

    def carry_out(self, work: t.Callable[[FleetModule, Client], Result]) -> None:
        """Do the work, and end with its result or with what went wrong."""
        try:
            result = work(self, Client(Settings.from_options(self.params)))
        except ApiError as error:
            self.fail_json(
                msg=str(error), code=error.code, status=error.status, errors=error.errors
            )
        except FleetError as error:
            self.fail_json(msg=str(error))
        else:
            self.exit_json(**result)

    def pick(self, *names: str) -> Result:
        """Return those of the options that were given."""
        return {name: self.params[name] for name in names if self.params[name] is not None}


def find_changes(current: t.Mapping[str, t.Any], wanted: t.Mapping[str, t.Any]) -> Result:
    """Return what is wanted and not so."""
    return {name: value for name, value in wanted.items() if current.get(name) != value}


def make_diff(
    before: t.Mapping[str, t.Any] | None, after: t.Mapping[str, t.Any] | None
) -> dict[str, t.Mapping[str, t.Any]]:
    """Return what ``--diff`` shows; None for what is not there."""
    return {"before": before or {}, "after": after or {}}
