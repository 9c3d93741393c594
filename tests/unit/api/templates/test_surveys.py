# SPDX-License-Identifier: GPL-3.0-or-later
"""Forms of AWX and Semaphore say what the arguments of a template say."""

from typing import Any

import pytest

from api.templates.arguments import check_arguments
from api.templates.options import read_spec
from api.templates.surveys import build_form, describe_for_awx, describe_for_semaphore

SPEC = read_spec(
    "shop",
    {
        "options": {
            "shop_name": {"required": True, "description": "Its name, V(shop) as a rule."},
            "shop_port": {"type": "int", "default": "443"},
            "shop_share": {"type": "float", "default": 0.5},
            "shop_open": {"type": "bool", "default": "yes"},
            "shop_mode": {"choices": ["fast", "safe"], "default": "safe"},
            "shop_days": {"type": "list", "choices": ["sat", "sun"], "default": ["sat", "sun"]},
            "shop_token": {"no_log": True, "required": True, "default": None},
            "shop_note": {"default": ""},
            "shop_key": {"no_log": True, "default": ""},
            "shop_size": {"type": "bytes", "default": "1M"},
            "shop_home": {"type": "path", "default": "{{ ansible_user_dir }}/shop"},
            "shop_motto": {"type": "str"},
            "shop_pages": {"type": "list", "elements": "dict", "default": []},
            "shop_limits": {"type": "dict", "default": {}},
            "shop_pins": {"type": "list", "no_log": True, "required": True},
        }
    },
    [],
)
LEFT_OUT = ("shop_home", "shop_motto", "shop_pages", "shop_limits", "shop_pins")


@pytest.fixture
def awx() -> dict[str, dict[str, Any]]:
    """Return AWX's questions by variable."""
    survey = describe_for_awx(build_form(SPEC), "Deploy the shop")
    assert survey["name"] == "Deploy the shop"
    return {question["variable"]: question for question in survey["spec"]}


def test_what_no_form_can_say_is_left_out() -> None:
    """Mappings, lists of them, and options that an empty field would change."""
    form = build_form(SPEC)
    assert form.left_out == LEFT_OUT
    assert {question.variable for question in form.questions} == set(SPEC.options) - set(LEFT_OUT)


def test_each_type_has_awxs_field(awx: dict[str, dict[str, Any]]) -> None:
    """Numbers stay numbers, truth values are a choice, secrets are not shown."""
    assert {name: question["type"] for name, question in awx.items()} == {
        "shop_name": "text",
        "shop_port": "integer",
        "shop_share": "float",
        "shop_open": "multiplechoice",
        "shop_mode": "multiplechoice",
        "shop_days": "multiselect",
        "shop_token": "password",
        "shop_note": "text",
        "shop_key": "password",
        "shop_size": "text",
    }
    assert awx["shop_open"]["choices"] == ["true", "false"]
    assert awx["shop_name"]["question_description"] == "Its name, shop as a rule."
    assert [name for name, question in awx.items() if question["required"]] == [
        "shop_name",
        "shop_token",
    ]


def test_defaults_are_what_awx_takes_for_the_field(awx: dict[str, dict[str, Any]]) -> None:
    """AWX drops defaults of another type in silence, and sends an empty one as a value."""
    defaults = {name: q["default"] for name, q in awx.items() if "default" in q}
    assert defaults == {
        "shop_port": 443,
        "shop_share": 0.5,
        "shop_open": "true",
        "shop_mode": "safe",
        "shop_days": "sat\nsun",
        "shop_size": "1048576",
    }


def test_semaphores_fields_have_its_types() -> None:
    """It has fewer; defaults stand in the description, since backups hold them differently."""
    fields = {field["name"]: field for field in describe_for_semaphore(build_form(SPEC))}
    assert {name: field["type"] for name, field in fields.items()} == {
        "shop_name": "",
        "shop_port": "int",
        "shop_share": "",
        "shop_open": "enum",
        "shop_mode": "enum",
        "shop_token": "secret",
        "shop_note": "",
        "shop_key": "secret",
        "shop_size": "",
    }
    assert fields["shop_port"]["description"] == "Default: 443"
    assert fields["shop_mode"]["values"][0] == {"name": "fast", "value": "fast"}
    assert not any("default_value" in field for field in fields.values())


def test_the_defaults_of_a_form_fit_the_arguments(awx: dict[str, dict[str, Any]]) -> None:
    """Who changes nothing in the form sends what MyX takes."""
    sent = {name: question["default"] for name, question in awx.items() if "default" in question}
    sent |= {"shop_days": sent["shop_days"].split("\n"), "shop_note": "", "shop_key": ""}
    sent |= {"shop_name": "a", "shop_token": "geheim1234", "shop_pins": []}
    checked = check_arguments(SPEC, sent)
    assert not checked.errors
    assert not checked.missing
    assert checked.values["shop_open"] is True
