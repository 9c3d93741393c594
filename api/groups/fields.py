# SPDX-License-Identifier: GPL-3.0-or-later
"""What is a valid name or variable of a group, and what is said where it is not?"""

import json
import keyword
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

MAX_VARIABLES_BYTES = 256 * 1024
"""All variables of a host or group as JSON: they travel to the host with every run."""

MAX_MEMBERS = 10_000
"""The most hosts that one request adds to or takes out of a group."""

MAX_CHILDREN = 1000
"""The most groups directly in one group."""

MAX_TEXT_CHARS = 1000
"""The longest description of a host or group."""

BUILT_IN_GROUPS = frozenset({"all", "ungrouped"})
"""Ansible's own; every host is in ``all``, and in ``ungrouped`` where it is in no other."""

_GROUP_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.@+-]{0,126}[A-Za-z0-9_])?")
_VALID_FOR_ANSIBLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_group_name(name: str) -> str:
    """Refuse what Ansible would not take for a group, and what a pattern could not name."""
    if name.lower() in BUILT_IN_GROUPS:
        raise ValueError(f"'{name}' is Ansible's own group; every host is in it by itself")
    if not _GROUP_NAME.fullmatch(name):
        raise ValueError(
            f"'{name}' is no group name; use up to 128 letters, digits and '_', and no digit first"
        )
    return name


def warn_of_group_name(name: str) -> str | None:
    """Say what Ansible has against a name that it takes all the same."""
    if _VALID_FOR_ANSIBLE.fullmatch(name):
        return None
    return (
        f"group '{name}': Ansible warns of names with other characters than letters, digits and "
        f"'_', or with a digit first; groups['{name}'] works, groups.{name} does not"
    )


def check_variables(variables: dict[str, Any]) -> dict[str, Any]:
    """Refuse names that Ansible cannot use and values that JSON does not have."""
    for name in variables:
        if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
            raise ValueError(
                f"'{name}' is no variable name; use letters, digits and '_', no digit first, "
                "and no word of Python"
            )
    try:
        size_bytes = len(json.dumps(variables, allow_nan=False))
    except ValueError as error:
        raise ValueError("NaN and Infinity are not JSON; leave them out") from error
    if size_bytes > MAX_VARIABLES_BYTES:
        raise ValueError(
            f"{size_bytes} bytes of variables are too many, {MAX_VARIABLES_BYTES} are allowed; "
            "put large data into files of the content"
        )
    return variables


def merge_secrets(kept: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the secret variables after a change, in which ``None`` takes one out."""
    merged = {**kept, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def sort_names(names: list[str]) -> list[str]:
    """Bring names into order, each once."""
    return sorted(set(names))


GroupName = Annotated[
    str,
    AfterValidator(check_group_name),
    Field(description="Name in the inventory, unique", examples=["web"]),
]
Children = Annotated[
    list[GroupName],
    AfterValidator(sort_names),
    Field(max_length=MAX_CHILDREN, description="Groups inside it: their hosts are in it too"),
]
Members = Annotated[list[str], AfterValidator(sort_names), Field(max_length=MAX_MEMBERS)]
Text = Annotated[str, Field(max_length=MAX_TEXT_CHARS)]
Variables = Annotated[
    dict[str, Any],
    AfterValidator(check_variables),
    Field(description="Ansible variables", examples=[{"http_port": 8080}]),
]
SecretVariables = Annotated[
    dict[str, Any],
    AfterValidator(check_variables),
    Field(
        description="Ansible variables that are kept sealed, never answered, and masked in logs. "
        "What is named is set, or taken out with null; the rest stays",
        examples=[{"db_password": "..."}],
    ),
]
Revision = Annotated[
    int | None,
    Field(description="Change it only if it still has this revision, else 409"),
]
