# SPDX-License-Identifier: GPL-3.0-or-later
"""What does the description of the API say beside its routes?"""

from typing import Any

from fastapi import FastAPI

from api.core.errors import TooLargeError
from api.core.problem import MEDIA_TYPE, Problem

SUMMARY = "Ansible playbooks on the hosts themselves, with a central brain."

DESCRIPTION = """\
Every route under `/api/v1` needs `Authorization: Bearer TOKEN`: an API token, or the admin token
that the first start of the control plane wrote to `admin-token` in its data directory. A browser
signs in with `POST /api/v1/session` instead and sends the session's CSRF token with each change.

Lists come in pages: `?page=1&page_size=50`, sorted by `?order_by=name` or `-name`, answered as
`{count, next, previous, results}`.

Every error is `application/problem+json` (RFC 9457): `detail` names the cause and the remedy,
`code` is constant, `errors` names the fields that do not fit.
"""

TAGS: list[dict[str, Any]] = [
    {"name": "overview", "description": "How things stand, and how runs went over time."},
    {"name": "hosts", "description": "Machines under management, and their agents."},
    {"name": "groups", "description": "Hosts that belong together, nested, with variables."},
    {"name": "inventory", "description": "Hosts and groups as a whole, from and for Ansible."},
    {"name": "runs", "description": "One trigger: what, where, with which variables."},
    {"name": "executions", "description": "A run on one host: state, log, events, recap."},
    {"name": "events", "description": "What happened to runs and hosts, behind a cursor."},
    {"name": "connections", "description": "One command or file at a time, through an agent."},
    {"name": "bundles", "description": "Content that runs use: playbooks, roles, collections."},
    {"name": "templates", "description": "Playbooks of the content, and what each takes."},
    {"name": "triggers", "description": "What starts runs by itself, and who is told."},
    {"name": "access", "description": "Users, API tokens, signing in."},
    {"name": "audit", "description": "Who did what, from where, with which result."},
    {"name": "health", "description": "Is the control plane there?"},
]

LICENSE = {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"}

_PROBLEM = {"$ref": f"#/components/schemas/{Problem.__name__}"}

_BODY_PROBLEMS = {
    code: {"description": sentence, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
    for code, sentence in (
        ("400", "`bad_request`: The body cannot be read."),
        ("413", f"`{TooLargeError.code}`: {TooLargeError.__doc__}"),
    )
}
"""What every route answers that takes a body, before it is asked."""


def describe_problems(app: FastAPI) -> None:
    """Say which problems all routes share, and that each comes as problem+json.

    FastAPI knows one type of answers.
    """
    describe = app.openapi

    def describe_with_problems() -> dict[str, Any]:
        if app.openapi_schema is None:
            for path in describe()["paths"].values():
                for operation in path.values():
                    if "requestBody" in operation:
                        operation["responses"] = _BODY_PROBLEMS | operation["responses"]
                    _correct_media_types(operation["responses"])
        return describe()

    app.openapi = describe_with_problems  # type: ignore[method-assign]  # as FastAPI documents


def _correct_media_types(responses: dict[str, Any]) -> None:
    for response in responses.values():
        content = response.get("content", {})
        if content.get("application/json", {}).get("schema") == _PROBLEM:
            content[MEDIA_TYPE] = content.pop("application/json")
