# SPDX-License-Identifier: GPL-3.0-or-later
"""Does every file say under which licence it stands and which question it answers?"""

import ast
from pathlib import Path

SPDX_LINE = "# SPDX-License-Identifier: GPL-3.0-or-later"


def test_every_python_file_begins_with_its_licence(python_files: list[Path], root: Path) -> None:
    """The SPDX line is the first line, or the second behind an interpreter line."""
    wrong = []
    for path in python_files:
        lines = path.read_text().splitlines()
        first = lines[1:2] if lines[:1] and lines[0].startswith("#!") else lines[:1]
        if first != [SPDX_LINE]:
            wrong.append(str(path.relative_to(root)))
    assert not wrong, f"these files do not begin with {SPDX_LINE!r}: {wrong}"


def test_every_module_says_what_it_answers(source_files: list[Path], root: Path) -> None:
    """Every module of the control plane and the agent has a docstring."""
    wrong = [
        str(path.relative_to(root))
        for path in source_files
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not wrong, f"these modules have no docstring: {wrong}"


def test_the_licence_is_the_gpl(root: Path) -> None:
    """LICENSE holds the text that the SPDX lines name."""
    text = (root / "LICENSE").read_text()
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text
