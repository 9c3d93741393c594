# SPDX-License-Identifier: GPL-3.0-or-later
"""How do tables and types look in the pages?"""

import re
from collections.abc import Iterable, Sequence


def write_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; bars inside cells are escaped."""
    lines = [_write_row(head), _write_row(["---"] * len(head))]
    return "\n".join([*lines, *(_write_row(row) for row in rows)])


def write_code(value: object) -> str:
    """Return a value as inline code, or nothing where there is none."""
    return f"`{value}`" if value not in (None, "") else ""


def unwrap(docstring: str | None) -> str:
    """Return a docstring with its paragraphs on one line each and single back-ticks."""
    paragraphs = re.split(r"\n\s*\n", (docstring or "").strip())
    return "\n\n".join(" ".join(p.split()) for p in paragraphs).replace("``", "`")


def _write_row(cells: Sequence[str]) -> str:
    escaped = (" ".join(cell.replace("|", r"\|").split()) for cell in cells)
    return f"| {' | '.join(escaped)} |"
