# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema, the check and Ansible's own validator are of one mind."""

import copy
from typing import Any

import jsonschema
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.templates.arguments import CheckedArguments, check_arguments
from api.templates.json_schema import build_schema
from api.templates.options import read_spec

Json = dict[str, Any]

NAMES = ("alpha", "beta", "gamma")

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-20, 20),
    st.sampled_from([0.5, 2.0, -1.25]),
    st.sampled_from(["", "a", "b", "7", "-3", "2.5", "yes", "no", "True", "1M", "a=1 b=2", "x,y"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=6,
)
DEFAULTS = {
    "str": st.sampled_from(["a", "b"]),
    "path": st.just("/srv"),
    "int": st.integers(1, 3),
    "float": st.just(0.5),
    "bool": st.booleans(),
    "list": st.just([]),
    "dict": st.just({}),
    "bytes": st.just(7),
    "raw": st.just("a"),
}
CHOICES = {
    "str": st.lists(st.sampled_from(["a", "b", "7", "yes"]), min_size=1, unique=True),
    "int": st.lists(st.integers(1, 8), min_size=1, unique=True),
}


@st.composite
def specs(draw: st.DrawFn, depth: int = 0) -> Json:
    """Draw the options of one level with rules about them."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
    level: Json = {"options": {name: draw(make_option(depth)) for name in names}}
    if len(names) > 1:
        pair = names[:2]
        level |= draw(
            st.sampled_from(
                [
                    {},
                    {"mutually_exclusive": [pair]},
                    {"required_together": [pair]},
                    {"required_one_of": [pair]},
                    {"required_if": [[pair[0], "a", [pair[1]]]]},
                    {"required_if": [[pair[0], 2, pair[1:], True]]},
                    {"required_by": {pair[0]: [pair[1]]}},
                ]
            )
        )
    return level


@st.composite
def make_option(draw: st.DrawFn, depth: int) -> Json:
    """Draw an option, in lists and dicts with options of their own."""
    kind = draw(st.sampled_from(sorted(DEFAULTS)))
    option: Json = {"type": kind}
    if draw(st.booleans()):
        option["required"] = True
    elif draw(st.booleans()):
        option["default"] = draw(DEFAULTS[kind])
    if kind in CHOICES and draw(st.booleans()):
        option["choices"] = draw(CHOICES[kind])
        option.pop("default", None)
    if kind == "list":
        option["elements"] = draw(st.sampled_from(["str", "int", "dict", "bool"]))
    if depth == 0 and "dict" in (kind, option.get("elements")) and draw(st.booleans()):
        option |= draw(specs(depth=1))
    return option


GIVEN = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3)


def check(entry: Json, variables: Json) -> CheckedArguments:
    """Check variables against an entry point of an argument spec, which is sound."""
    warnings: list[str] = []
    checked = check_arguments(read_spec("role", entry, warnings), variables)
    assert not warnings
    return checked


def fits(checked: CheckedArguments) -> bool:
    """Say whether a run would start."""
    return not checked.errors and not checked.missing


def ask_ansible(entry: Json, variables: Json) -> bool:
    """Say whether Ansible's own validator takes it; where it crashes, it does not."""
    known = {name: value for name, value in variables.items() if name in entry["options"]}
    rules = {name: value for name, value in entry.items() if name != "options"}
    validator = ArgumentSpecValidator(copy.deepcopy(entry["options"]), **rules)
    try:
        return not validator.validate(copy.deepcopy(known)).error_messages
    except (TypeError, AttributeError):
        return False


def make_validator(entry: Json) -> Any:
    """Return what judges by the schema, which must be one."""
    schema = build_schema(read_spec("role", entry, []), "any")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@settings(max_examples=100, deadline=None)
@given(specs(), GIVEN)
@example({"options": {"alpha": {"type": "int"}}}, {"alpha": 2.0})
@example({"options": {"alpha": {"type": "int"}}}, {"alpha": True})
@example({"options": {"alpha": {"type": "str", "required": True}}}, {"alpha": None})
def test_schema_and_check_agree(entry: Json, variables: Json) -> None:
    """What the schema accepts, the check accepts; what that makes of a value, the schema does."""
    validator = make_validator(entry)
    checked = check(entry, variables)
    if validator.is_valid(variables):
        assert fits(checked)
    if fits(checked):
        validator.validate(dict(checked.values))


@settings(max_examples=100, deadline=None)
@given(specs(), GIVEN)
@example(
    {
        "options": {
            "alpha": {
                "type": "dict",
                "default": {},
                "options": {"beta": {"type": "bool", "required": True}},
            }
        }
    },
    {},
)
def test_the_check_accepts_what_ansible_accepts(entry: Json, variables: Json) -> None:
    """The host's Ansible has the last word, so both say the same of the same variables."""
    expected = ask_ansible(entry, variables)
    assert fits(check(entry, variables)) is expected


@settings(max_examples=60, deadline=None)
@given(specs(), GIVEN)
def test_converting_twice_changes_nothing(entry: Json, variables: Json) -> None:
    """A retry sends what was converted already: it stays as it is."""
    checked = check(entry, variables)
    if fits(checked):
        assert check(entry, dict(checked.values)).values == checked.values
