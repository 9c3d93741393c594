# SPDX-License-Identifier: GPL-3.0-or-later
"""Is every module and function small enough to be read at once?

Complexity is ruff's business; here it is length. Docstrings do not count: they are wanted.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULE_LINES = 300
FUNCTION_LINES = 35
FOLDER_MODULES = 15
GROWING = {"api/db/migrations/versions"}
"""Folders of a line that only grows: nobody splits history by noun."""

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = Function | ast.ClassDef | ast.Module


def test_modules_are_short(python_files: list[Path], root: Path) -> None:
    """No module has more lines than one sitting can hold."""
    sizes = {path: _count_module_lines(path.read_text()) for path in python_files}
    long = {str(path.relative_to(root)): n for path, n in sizes.items() if n > MODULE_LINES}
    assert not long, f"split these by noun, {MODULE_LINES} lines at most: {long}"


def test_functions_are_short(python_files: list[Path], root: Path) -> None:
    """No function is longer than a screen, docstring apart."""
    long = [
        f"{path.relative_to(root)}:{function.lineno} {function.name} {lines}"
        for path in python_files
        for function in _list_functions(path)
        if (lines := _count_lines(function)) > FUNCTION_LINES
    ]
    assert not long, f"split these, {FUNCTION_LINES} lines at most: {long}"


def test_folders_are_small(source_files: list[Path], root: Path) -> None:
    """No folder holds more modules than can be taken in at a glance."""
    folders: dict[Path, int] = {}
    for path in source_files:
        folders[path.parent] = folders.get(path.parent, 0) + 1
    large = {str(path.relative_to(root)): n for path, n in folders.items() if n > FOLDER_MODULES}
    large = {path: n for path, n in large.items() if path not in GROWING}
    assert not large, f"split these by noun, {FOLDER_MODULES} modules at most: {large}"


def test_modules_are_named_after_what_they_hold(source_files: list[Path], root: Path) -> None:
    """No module has a name that could hold anything."""
    wrong = [str(path.relative_to(root)) for path in source_files if path.stem in FORBIDDEN_NAMES]
    assert not wrong, f"name these after what they hold: {wrong}"


@pytest.mark.parametrize(
    ("source", "lines"),
    [("def f():\n    '''D.\n\n    More.\n    '''\n    return 1\n", 2), ("def f():\n    pass\n", 2)],
)
def test_docstrings_do_not_count(source: str, lines: int) -> None:
    """A function's length is its signature and its statements, and a module's likewise."""
    function = ast.parse(source).body[0]
    assert isinstance(function, Function)
    assert _count_lines(function) == _count_module_lines(source) == lines


def _list_functions(path: Path) -> Iterator[Function]:
    return (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, Function))


def _count_lines(function: Function) -> int:
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    return lines - _count_docstring_lines(function)


def _count_module_lines(source: str) -> int:
    documented = [n for n in ast.walk(ast.parse(source)) if isinstance(n, Documented)]
    return len(source.splitlines()) - sum(_count_docstring_lines(node) for node in documented)


def _count_docstring_lines(node: Documented) -> int:
    if ast.get_docstring(node) is None:
        return 0
    first = node.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1
