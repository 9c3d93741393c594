# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the file that Ansible makes of a module."""

import base64
import datetime as dt
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from agent_runner.warm.modules.target.payloads import (
    DeclinedError,
    compile_payload,
    name_payload,
    open_payload,
)

FILES = {"ansible/__init__.py": "a = 1\n", "ansible/modules/x.py": "b = 2\r\nc = 3\n"}


def _zip(files: dict[str, str], year: int = 2026) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 2, 3, 4, 6)), text)
    return packed.getvalue()


def _payload(archive: bytes, wrapper: str = "def _ansiballz_main(**_): ...", **extra: Any) -> bytes:
    arguments = {
        "ansible_module": "x",
        "module_fqn": "ansible.modules.x",
        "profile": "legacy",
        "date_time": dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
        "rlimit_nofile": 0,
        "params": json.dumps({"ANSIBLE_MODULE_ARGS": {"a": "'\\\"\n)\n", "é": None}}),
        "extensions": {},
        "zip_data": base64.b64encode(archive).decode(),
        **extra,
    }
    lines = "\n".join(f"{name}={value!r}," for name, value in arguments.items())
    lines = lines.replace("dt.datetime", "datetime.datetime")
    return f'{wrapper}\n\n\nif __name__ == "__main__":\n    _ansiballz_main(\n{lines}\n)\n'.encode()


def test_arguments_are_what_the_wrapper_would_get() -> None:
    """As if the file had been run."""
    text = _payload(_zip(FILES))
    payload = open_payload(text)
    got: dict[str, Any] = {}
    program = text.decode().replace("def _ansiballz_main(**_): ...", "_ansiballz_main = got.update")
    exec(program, {"__name__": "__main__", "datetime": dt, "got": got})  # noqa: S102 - to compare
    assert payload.arguments == got
    assert payload.archive == _zip(FILES)


def test_the_name_says_what_is_in_it_and_not_when_it_was_made() -> None:
    """The same code has the same name, other code another."""
    names = [
        name_payload(open_payload(_payload(archive, wrapper)))
        for archive, wrapper in [
            (_zip(FILES), "w = 1"),
            (_zip(FILES, year=1999), "w = 1"),
            (_zip({**FILES, "ansible/modules/x.py": "b = 3\n"}), "w = 1"),
            (_zip(FILES), "w = 2"),
            (_zip(dict(reversed(FILES.items()))), "w = 1"),
        ]
    ]
    assert names[0] == names[1]
    assert len(set(names)) == 4


def test_what_is_loaded_already_is_compared_and_left_out() -> None:
    """The rest is compiled, by the names that it is imported by."""
    payload = open_payload(_payload(_zip({**FILES, "ansible/broken.py": "(", "data.txt": "x"})))
    known = {"ansible/__init__.py": hashlib.sha256(b"a = 1\n").digest()}
    compiled = compile_payload(payload, known)
    assert set(compiled.modules) == {"ansible.modules.x"}
    assert compiled.modules["ansible.modules.x"][1] == "ansible/modules/x.py"


@pytest.mark.parametrize("known", [{"ansible/__init__.py": b"other"}, {"ansible/none.py": b"x"}])
def test_what_is_loaded_but_not_the_same_is_refused(known: dict[str, bytes]) -> None:
    """A module has to get what it brings."""
    with pytest.raises(DeclinedError, match="module_utils"):
        compile_payload(open_payload(_payload(_zip(FILES))), known)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "payload"),
        (b"#!/usr/bin/python\nprint(1)\n", "payload"),
        (_payload(_zip(FILES))[:-1], "payload"),
        (_payload(_zip(FILES), surplus=1), "payload"),
        (_payload(_zip(FILES), zip_data="not base64!"), "payload"),
        (_payload(_zip(FILES), zip_data=1), "payload"),
        (_payload(_zip(FILES), extensions={"_coverage": {}}), "extensions"),
        (_payload(_zip(FILES), params='{"_ansible_tracebacks_for": ["error"]}'), "tracebacks"),
        (_payload(_zip(FILES)).replace(b"profile='legacy'", b"profile=exit()"), "payload"),
    ],
)
def test_another_form_is_refused(text: bytes, reason: str) -> None:
    """What is not as Ansible makes it runs the stock way."""
    with pytest.raises(DeclinedError, match=f"^{reason}$"):
        open_payload(text)


def test_an_archive_that_is_none_is_refused() -> None:
    """Ansible's wrapper will complain about it."""
    with pytest.raises(DeclinedError, match="payload"):
        compile_payload(open_payload(_payload(b"PK\x01\x02nonsense" * 9)), {})


def test_words_like_those_of_tracebacks_are_only_words() -> None:
    """An argument cannot ask for them."""
    params = json.dumps({"a": '"_ansible_tracebacks_for": ["error"]'})
    assert open_payload(_payload(_zip(FILES), params=params)).arguments["params"] == params
