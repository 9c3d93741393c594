# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx template ...`` and what ``myx run`` tells of arguments, against a control plane."""

import json
from typing import Any

ARGUMENT: dict[str, Any] = {
    "name": "shop_port",
    "type": "int",
    "elements": None,
    "required": False,
    "default": 80,
    "choices": None,
    "description": "The port, V(80) as a rule. More about it.",
    "secret": False,
    "aliases": [],
    "version_added": "",
    "roles": ["shop"],
}
TEMPLATE: dict[str, Any] = {
    "name": "web/shop",
    "playbook": "playbooks/web/shop.yml",
    "title": "Deploy the shop",
    "description": "All\nof it.",
    "hosts": ["web", "!db"],
    "tags": [],
    "bundle_digest": "0" * 64,
    "error": None,
}
DETAIL = TEMPLATE | {
    "arguments": [
        ARGUMENT,
        ARGUMENT | {"name": "shop_mode", "choices": ["a", "b"], "required": True},
        ARGUMENT | {"name": "shop_keys", "type": "list", "elements": "str", "secret": True},
    ],
    "arguments_schema": {"type": "object"},
    "surveys": {"awx": {"spec": []}, "semaphore": [], "left_out": ["shop_keys"]},
    "warnings": ["Which role '{{ x }}' is, only the host knows."],
}


def test_templates_are_listed(api: Any, myx: Any) -> None:
    """One a line, with the reason where one cannot be read; or as JSON."""
    rows = [TEMPLATE, TEMPLATE | {"name": "bad", "error": "line 2", "title": ""}]
    api.answer(
        "GET", "/templates", (200, {"count": 2, "next": None, "previous": None, "results": rows})
    )
    outcome = myx("template", "list", "--search", "shop")
    assert "web/shop  web, !db  Deploy the shop" in outcome.out.decode()
    assert "cannot be read: line 2" in outcome.out.decode()
    assert api.find("GET", "/templates")[0].query["search"] == "shop"
    assert json.loads(myx("template", "list", "--json").out) == rows


def test_a_template_is_shown_with_its_arguments(api: Any, myx: Any) -> None:
    """A table of what it takes; what could not be found out is a warning."""
    for path in ("/templates/web%2Fshop", "/templates/web/shop"):
        api.answer("GET", path, (200, DETAIL))
    outcome = myx("template", "show", "web/shop")
    assert outcome.code == 0
    rows = [line.split() for line in outcome.out.decode().splitlines()]
    assert ["shop_port", "int", "80", "The", "port,", "80", "as", "a", "rule."] in rows
    assert ["shop_mode", "a|b", "required"] in [row[:3] for row in rows]
    assert ["shop_keys", "list", "of", "str,", "secret", "80"] in [row[:6] for row in rows]
    assert "only the host knows" in outcome.err


def test_arguments_that_do_not_fit_are_told_one_a_line(api: Any, myx: Any) -> None:
    """The sentence of the problem, then each variable with the remedy."""
    problem = {
        "status": 422,
        "code": "arguments_invalid",
        "detail": "The variables do not fit shop.",
        "errors": [
            {"field": "extra_vars.port", "message": "give a whole number"},
            {"field": "extra_vars.mode", "message": "give one of a, b"},
        ],
    }
    api.answer("POST", "/runs", (422, problem))
    outcome = myx("run", "shop", "-e", "port=x")
    assert outcome.code == 1
    assert outcome.err.splitlines() == [
        "Error: The variables do not fit shop.",
        "  extra_vars.port: give a whole number",
        "  extra_vars.mode: give one of a, b",
    ]


def test_the_form_of_a_template_is_printed(api: Any, myx: Any) -> None:
    """JSON on standard output; what no form can ask for is told beside it."""
    for path in ("/templates/web%2Fshop", "/templates/web/shop"):
        api.answer("GET", path, (200, DETAIL))
    outcome = myx("template", "show", "web/shop", "--survey", "awx")
    assert json.loads(outcome.out) == {"spec": []}
    assert "No form can ask for shop_keys" in outcome.err
