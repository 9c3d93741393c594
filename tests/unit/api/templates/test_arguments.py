# SPDX-License-Identifier: GPL-3.0-or-later

from typing import Any

import pytest

from api.templates.arguments import CheckedArguments, check_arguments, describe_missing
from api.templates.options import read_spec

SITES = {
    "type": "list",
    "elements": "dict",
    "options": {
        "address": {"required": True, "aliases": ["name"]},
        "port": {"type": "int"},
        "key": {"no_log": True},
    },
}


def check(variables: dict[str, Any], **options: dict[str, Any]) -> CheckedArguments:
    """Check variables against options."""
    return check_arguments(read_spec("role", {"options": options}, []), variables)


def list_errors(checked: CheckedArguments) -> list[tuple[str, str]]:
    """Return what does not fit."""
    return [(error.field, error.message) for error in checked.errors]


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ({"type": "int"}, "443", 443),
        ({"type": "bool"}, "yes", True),
        ({"type": "float"}, "1", 1.0),
        ({}, 5, "5"),
        ({"type": "list", "elements": "int"}, "1,2", [1, 2]),
        ({"type": "dict"}, "a=1 b=2", {"a": "1", "b": "2"}),
        ({"type": "bytes"}, "1M", 1048576),
        ({"type": "int"}, "{{ port }}", "{{ port }}"),
        ({"type": "list", "elements": "int"}, ["1", "{{ x }}"], [1, "{{ x }}"]),
        ({"type": "raw"}, {"a": [1]}, {"a": [1]}),
        (SITES, [{"name": "a", "port": "80"}], [{"address": "a", "port": 80}]),
    ],
)
def test_values_are_converted(option: dict[str, Any], value: Any, expected: Any) -> None:
    """Each becomes what its option says; expressions of Jinja stay for the host."""
    checked = check({"x": value}, x=option)
    assert not checked.errors
    assert checked.values["x"] == expected
    assert type(checked.values["x"]) is type(expected)


def test_paths_keep_what_the_host_expands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The home folder and the environment of the control plane are nobody's business."""
    monkeypatch.setenv("MYX_ADMIN", "leaked")
    assert check({"x": "~/$MYX_ADMIN"}, x={"type": "path"}).values == {"x": "~/$MYX_ADMIN"}


def test_nothing_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Defaults are the role's business: what was not given is not sent, in parts neither."""
    monkeypatch.setenv("HOME", "/nowhere")
    checked = check({"sites": [{"address": "a"}]}, sites=SITES, other={"default": 1})
    assert checked.values == {"sites": [{"address": "a"}]}


def test_everything_that_does_not_fit_is_told_at_once() -> None:
    """With the place, what is wrong and the remedy; required variables apart."""
    checked = check(
        {"port": "many", "mode": "x", "sites": [{"port": "1"}, {"adress": "b", "address": "c"}]},
        port={"type": "int"},
        mode={"choices": ["a", "b"]},
        sites=SITES,
        version={"required": True},
    )
    assert list_errors(checked) == [
        ("extra_vars.port", "not of the type int; give a whole number"),
        ("extra_vars.mode", "not among the choices; give one of a, b"),
        ("extra_vars.sites.0.address", "required; add it"),
        ("extra_vars.sites.1.adress", "unknown; did you mean 'address'?"),
    ]
    assert checked.missing == ("version",)
    assert "web2" in describe_missing("version", ["web2"], 2).message


@pytest.mark.parametrize("value", ["1e999999999", "inf", "nan", "9" * 5000, [], {}, "[" * 9999])
@pytest.mark.parametrize("kind", ["int", "float", "bytes", "bits", "dict"])
def test_hostile_values_are_refused_quickly(kind: str, value: Any) -> None:
    """Whatever Ansible's converters raise or would compute for hours is an error of the value."""
    if (kind, value) != ("dict", {}):
        assert len(check({"x": value}, x={"type": kind}).errors) == 1


def test_secrets_are_collected_and_never_told() -> None:
    """Of every depth, as text; a message does not repeat the value."""
    checked = check(
        {"pin": "secret-pin", "code": 12345, "sites": [{"address": "a", "key": "secret-key"}]},
        pin={"type": "int", "no_log": True},
        code={"type": "int", "no_log": True},
        sites=SITES,
    )
    assert checked.secrets == ("secret-pin", "12345", "secret-key")
    assert "secret" not in str(list_errors(checked))
    assert "secret" not in repr(checked)


def test_unknown_variables_are_allowed_and_typing_errors_suspected() -> None:
    """Playbooks take any variable; one that is nearly an argument is told of."""
    checked = check({"caddy_emial": "a", "color": "b"}, caddy_email={}, caddy_root={})
    assert not checked.errors
    assert checked.values == {"caddy_emial": "a", "color": "b"}
    assert checked.warnings == ("'caddy_emial' is no argument of the playbook, 'caddy_email' is",)


def test_an_alias_gives_the_argument_its_value() -> None:
    """The argument gets it converted; the alias stays, since it may be somebody else's name."""
    checked = check({"p": "80"}, port={"type": "int", "aliases": ["p"], "required": True})
    assert checked.values == {"p": "80", "port": 80}
    assert not checked.missing
