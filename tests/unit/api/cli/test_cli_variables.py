# SPDX-License-Identifier: GPL-3.0-or-later
"""What -e can be, as for ansible-playbook."""

from pathlib import Path
from typing import Any

import pytest

from api.cli.arguments.variables import parse_variables
from api.cli.errors import UsageError


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("port=8080", {"port": "8080"}),
        ("a=1 b='two words' c=", {"a": "1", "b": "two words", "c": ""}),
        ("url=http://x/?a=b", {"url": "http://x/?a=b"}),
        ('{"port": 8080, "on": true}', {"port": 8080, "on": True}),
        ("{port: 8080, names: [a, b]}", {"port": 8080, "names": ["a", "b"]}),
        (' {"spaced": null}', {"spaced": None}),
        ("{}", {}),
    ],
)
def test_forms(argument: str, expected: dict[str, Any]) -> None:
    """Pairs are text, JSON and YAML keep their types."""
    assert parse_variables([argument]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nday: 2026-01-02\n", {"a": 1, "day": "2026-01-02"}),
        ('{"a": {"b": [1]}}', {"a": {"b": [1]}}),
        ("", {}),
        ("---\n# nothing\n", {}),
    ],
)
def test_files(tmp_path: Path, text: str, expected: dict[str, Any]) -> None:
    """A file is JSON or YAML; an empty one holds no variables; dates travel as text."""
    file = tmp_path / "vars.yml"
    file.write_text(text)
    assert parse_variables([f"@{file}"]) == expected


def test_later_ones_win(tmp_path: Path) -> None:
    """Several are merged in the order in which they were given."""
    file = tmp_path / "vars.json"
    file.write_text('{"a": "file", "b": "file"}')
    merged = parse_variables(["a=first c=first", f"@{file}", '{"b": "last"}'])
    assert merged == {"a": "file", "b": "last", "c": "first"}


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("hello", ["-e 'hello'", "KEY=VALUE"]),
        ("", ["KEY=VALUE"]),
        ("=1", ["KEY=VALUE"]),
        ("a='open", ["-e 'a=...'", "quote"]),
        ('{"a": ', ["-e '{...'", "JSON"]),
        ("[1, 2]", ["-e '[...'", "by name"]),
        ("{1: a}", ["by name"]),
        ("{a: .nan}", ["JSON"]),
        ("{a: !!binary aGVsbG8=}", ["JSON", "bytes"]),
        ("@/nosuch/vars.yml", ["-e '@/nosuch/vars.yml'", "No such file"]),
    ],
)
def test_what_does_not_fit_is_named(argument: str, words: list[str]) -> None:
    """The error names the argument and what it could be."""
    with pytest.raises(UsageError) as caught:
        parse_variables(["fine=1", argument])
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_broken_file_names_its_line(tmp_path: Path) -> None:
    """YAML that cannot be read is found by its line."""
    file = tmp_path / "vars.yml"
    file.write_text("a: 1\nb: 2: 3\n")
    with pytest.raises(UsageError, match="line 2"):
        parse_variables([f"@{file}"], "--var")


@pytest.mark.parametrize("argument", ["password='hunter2", '{"password": "hunter2"'])
def test_errors_never_show_values(argument: str) -> None:
    """A value may be a secret."""
    with pytest.raises(UsageError) as caught:
        parse_variables([argument])
    assert "hunter2" not in str(caught.value)
