# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the documentation short, fresh, and without dead ends?"""

import re
import subprocess
import sys
from pathlib import Path

README_LINES = 150
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")


def test_the_readme_is_one_sitting(root: Path) -> None:
    """The README is short and shows the two commands of a bare machine."""
    lines = (root / "README.md").read_text().splitlines()
    assert len(lines) <= README_LINES
    for command in ("$ make demo", "$ make test"):
        assert any(line.startswith(command) for line in lines), f"README.md lacks {command!r}"


def test_links_lead_somewhere(root: Path) -> None:
    """Every relative link in a page leads to a file of the checkout."""
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    dead = [
        f"{page.relative_to(root)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not dead, f"dead links: {dead}"


def test_the_index_names_every_page(root: Path) -> None:
    """Nobody has to guess that a page exists; decisions are found by their numbers."""
    docs = root / "docs"
    linked = set(LINK.findall((docs / "README.md").read_text()))
    pages = {str(page.relative_to(docs)) for page in docs.glob("*/*.md")}
    unlinked = {page for page in pages - linked if not page.startswith("decisions/")}
    assert not unlinked, f"docs/README.md does not name {sorted(unlinked)}"


def test_the_reference_is_fresh(root: Path) -> None:
    """The generated reference says what the code says."""
    result = subprocess.run(
        [sys.executable, "docs/reference/generate.py", "--check"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"run `make docs`: {result.stdout}{result.stderr}"
