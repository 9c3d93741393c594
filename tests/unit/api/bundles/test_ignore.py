# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from api.bundles.errors import ContentError
from api.bundles.ignore import compile_ignores


@pytest.mark.parametrize(
    ("line", "path", "is_folder", "ignored"),
    [
        ("*.pyc", "a.pyc", False, True),
        ("*.pyc", "deep/er/a.pyc", False, True),
        ("*.pyc", "a.py", False, False),
        ("docs", "docs", True, True),
        ("docs", "roles/x/docs", True, True),
        ("docs", "docs.md", False, False),
        ("/docs", "docs", True, True),
        ("/docs", "roles/docs", True, False),
        ("/docs/", "docs", True, True),
        ("/docs/", "docs", False, False),
        ("docs/", "roles/docs", True, True),
        ("roles/*/tests", "roles/x/tests", True, True),
        ("roles/*/tests", "other/roles/x/tests", True, False),
        ("[ab]?.yml", "roles/a1.yml", False, True),
        ("[ab]?.yml", "roles/c1.yml", False, False),
        ("a.b", "axb", False, False),
        ("  spaced  ", "spaced", False, True),
    ],
)
def test_a_line_names_what_stays_at_home(
    line: str, path: str, *, is_folder: bool, ignored: bool
) -> None:
    """Names match at any depth, paths from the top, and a slash at the end only folders."""
    assert compile_ignores([line])(path, is_folder) is ignored


@pytest.mark.parametrize("path", [".git", "roles/.cache", ".env", "x/__pycache__", "node_modules"])
def test_hidden_and_generated_names_never_travel(path: str) -> None:
    """Without any line, hidden and generated names are left out."""
    assert compile_ignores([])(path, True)


def test_comments_and_empty_lines_do_not_count() -> None:
    """Only patterns are patterns."""
    ignores = compile_ignores(["# docs", "", "   ", "tests"])
    assert ignores("tests", True)
    assert not ignores("docs", True)
    assert not ignores("# docs", True)


def test_nothing_is_brought_back() -> None:
    """A line that other programs would understand differently is refused."""
    with pytest.raises(ContentError, match="'!docs/keep'"):
        compile_ignores(["docs/*", "!docs/keep"])
