# SPDX-License-Identifier: GPL-3.0-or-later
"""How are rights typed? ``ROLE[:GROUP,GROUP[:TEMPLATE,TEMPLATE]]``, and shown the same way."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from api.cli.errors import UsageError

Json = dict[str, Any]

ROLES = ("viewer", "operator", "admin")

GrantOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--grant",
        metavar="ROLE[:GROUPS[:TEMPLATES]]",
        help="viewer, operator or admin; limited to groups and playbooks. Repeatable.",
    ),
]


def parse_grants(typed: Sequence[str]) -> list[Json]:
    """Turn what was typed into the API's grants.

    Raises:
        UsageError: it has another form.
    """
    return [_parse(text) for text in typed]


def tell_grants(grants: Sequence[Json] | None) -> str:
    """Write grants as they are typed."""
    return " ".join(_tell(grant) for grant in grants or ())


def _parse(text: str) -> Json:
    role, groups, templates = (*text.split(":", 2), "", "")[:3]
    if role not in ROLES:
        raise UsageError(
            f"--grant {text}: '{role}' is no role. For example: viewer, operator:web,db, "
            "operator:web:playbooks/deploy_caddy.yml, operator::site.yml."
        )
    return {"role": role, "groups": _split(groups), "templates": _split(templates)}


def _split(names: str) -> list[str] | None:
    return [name.strip() for name in names.split(",") if name.strip()] or None


def _tell(grant: Json) -> str:
    groups = ",".join(grant["groups"] or ())
    templates = ",".join(grant["templates"] or ())
    return f"{grant['role']}:{groups}:{templates}".rstrip(":")
