# SPDX-License-Identifier: GPL-3.0-or-later
"""How is something changed that others may change too? Read, changed, and read once more."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from api.cli.errors import ApiError, UsageError
from api.cli.remote.client import ApiClient, open_client, quote_name
from api.cli.terminal.output import say
from api.cli.watching.outcome import ExitCode

ATTEMPTS = 5
"""How often somebody else may be quicker before it is an error."""

Json = dict[str, Any]


class Edit(NamedTuple):
    """What is added to a list of names, or set among names with values, and what is taken out."""

    added: Sequence[str] | Mapping[str, Any] | None
    removed: Collection[str] | None

    def apply(self, before: Any) -> Any:
        """Return what becomes of what was there."""
        removed = self.removed or ()
        if isinstance(self.added, Mapping):
            kept = {name: value for name, value in before.items() if name not in removed}
            return {**kept, **self.added}
        return sorted({*before, *(self.added or ())} - {*removed})


def change_all(path: str, names: Collection[str], fields: Json, edits: dict[str, Edit]) -> int:
    """Change all that are named: set ``fields``, and edit what is there; return the exit code.

    Raises:
        UsageError: nothing is to be changed.
        ApiError: the control plane refuses.
    """
    wanted = {name: edit for name, edit in edits.items() if edit.added or edit.removed}
    if not wanted and not fields:
        raise UsageError("Say what to change; --help shows what can be.")
    client = open_client()
    for name in names:
        _change(client, f"{path}/{quote_name(name)}", fields, wanted)
        say(f"Changed {name}.")
    return ExitCode.SUCCESSFUL


def _change(client: ApiClient, path: str, fields: Json, edits: dict[str, Edit]) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        found = client.get(path)
        edited = {name: edit.apply(found[name]) for name, edit in edits.items()}
        try:
            client.patch(path, {**fields, **edited, "revision": found["revision"]})
        except ApiError as error:
            if error.code != "changed_meanwhile" or attempt == ATTEMPTS:
                raise
        else:
            return
