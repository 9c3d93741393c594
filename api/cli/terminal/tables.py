# SPDX-License-Identifier: GPL-3.0-or-later
"""How are rows and documents shown on a terminal?"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from api.cli.terminal.colors import paint_status

GAP = "  "


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], status: int = -1) -> None:
    """Print columns as wide as their content; the column ``status`` is coloured."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        if status >= 0:
            cells[status] = paint_status(row[status], cells[status])
        sys.stdout.write(f"{GAP.join(cells).rstrip()}\n")


def print_fields(fields: Sequence[tuple[str, str]]) -> None:
    """Print names and values, one a line; empty ones are left out."""
    width = max(len(name) for name, _value in fields)
    for name, value in fields:
        if value:
            sys.stdout.write(f"{name:<{width}}{GAP}{value}\n")


def print_json(document: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(f"{json.dumps(document, indent=2, ensure_ascii=False)}\n")
    sys.stdout.flush()
