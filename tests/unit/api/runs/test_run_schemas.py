# SPDX-License-Identifier: GPL-3.0-or-later

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from api.runs.content.reading import RunContent
from api.runs.launching.orders import build_order, build_ssh_order
from api.runs.launching.preparing import Prepared
from api.runs.schemas import InstallCreate, RunCreate
from api.runs.stream import StreamQuery
from api.templates.arguments import CheckedArguments

requests = TypeAdapter(RunCreate)

PLAYBOOK = {"kind": "playbook", "playbook": "site.yml"}
COMMAND = {"kind": "command", "command": ["uptime"], "limit": "all"}
SCRIPT = {"kind": "script", "script": {"name": "a.sh", "content": "true"}, "limit": "all"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "other"}, "does not match any of the expected tags"),
        ({}, "Unable to extract tag"),
        ({**PLAYBOOK, "timout_s": 5}, "Extra inputs"),
        ({**PLAYBOOK, "extra_vars": [1]}, "valid dictionary"),
        ({**PLAYBOOK, "extra_vars": "a=1"}, "valid dictionary"),
        ({**PLAYBOOK, "tags": "a,b"}, "valid list"),
        ({**PLAYBOOK, "timeout_s": 0}, "greater than 0"),
        ({**PLAYBOOK, "bundle_digest": "x"}, "match pattern"),
        ({**PLAYBOOK, "playbook": " "}, "at least 1 character"),
        ({"kind": "command", "command": ["uptime"]}, "'all' is a pattern"),
        ({**COMMAND, "limit": " "}, "'all' is a pattern"),
        ({**COMMAND, "command": []}, "at least 1 item"),
        ({**COMMAND, "command": [""]}, "names the program"),
        ({**COMMAND, "command": ["a\0"]}, "NUL"),
        ({"kind": "script", "script": SCRIPT["script"]}, "'all' is a pattern"),
        ({**SCRIPT, "script": {"name": "../x", "content": ""}}, "match pattern"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(body: dict[str, Any], said: str) -> None:
    """Unknown kinds and fields, wrong types and missing limits are named."""
    with pytest.raises(ValidationError, match=said):
        requests.validate_python(body)


def test_extra_vars_are_kept_apart_from_the_order() -> None:
    """Extra vars are secrets of the order and in nothing that is stored readable."""
    request = requests.validate_python({**PLAYBOOK, "extra_vars": {"password": "hunter2"}})

    order = build_order(
        request,
        Prepared(request.playbook, RunContent("d" * 64), CheckedArguments(request.extra_vars)),
        1,
    )

    assert order.secrets == {"extra_vars": {"password": "hunter2"}, "masked": ()}
    assert "hunter2" not in f"{order.spec} {order!r}"
    assert "password" not in str(order.spec)


def test_ssh_credentials_are_kept_apart_from_the_order() -> None:
    """Credentials for one install are secrets of the order and in nothing else."""
    request = InstallCreate(hosts=["web1", "web2"], ssh_password="hunter2")

    order = build_ssh_order(request)

    assert order.kind == "install"
    assert order.name == "web1, web2"
    assert order.secrets == {"password": "hunter2"}
    assert "hunter2" not in str(order.spec)


def test_a_command_is_named_by_its_line() -> None:
    """The name of a command's run can be pasted into a shell."""
    request = requests.validate_python({**COMMAND, "command": ["echo", "a b"]})

    prepared = Prepared("", RunContent(), CheckedArguments({}))
    assert build_order(request, prepared, 1).name == "echo 'a b'"


def test_offsets_are_read() -> None:
    """A viewer that comes back says what it has of each log."""
    query = StreamQuery(offsets="a-1:5,b-2:7")

    assert query.offset_by_execution == {"a-1": 5, "b-2": 7}


@pytest.mark.parametrize("offsets", ["a", "a:", "a:-1", "a:x", ":5", "a:" + "1" * 5000])
def test_offsets_of_another_form_are_refused(offsets: str) -> None:
    """What is no offset is named."""
    with pytest.raises(ValidationError, match="EXECUTION_ID:OFFSET"):
        StreamQuery(offsets=offsets)
