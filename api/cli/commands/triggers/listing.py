# SPDX-License-Identifier: GPL-3.0-or-later
"""How are triggers and what became of them listed, and how is one removed?"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from api.cli.remote.client import open_client
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_json, print_table
from api.cli.watching.outcome import ExitCode

Json = dict[str, Any]


def list_all(
    path: str, head: Sequence[str], make_row: Callable[[Json], tuple[str, ...]], *, as_json: bool
) -> int:
    """Print all that a list of the API holds."""
    return print_rows(open_client().list_all(path), head, make_row, as_json=as_json)


def print_rows(
    found: Iterable[Json],
    head: Sequence[str],
    make_row: Callable[[Json], tuple[str, ...]],
    *,
    as_json: bool,
) -> int:
    """Print what was found, as a table or as JSON."""
    rows = list(found)
    if as_json:
        print_json(rows)
    else:
        print_table(tuple(head), [make_row(row) for row in rows])
    return ExitCode.SUCCESSFUL


def remove(kind: str, number: int) -> int:
    """Remove one ``schedule``, ``webhook`` or ``notification``."""
    open_client().delete(f"/{kind}s/{number}")
    say(f"Removed the {kind} {number}.")
    return ExitCode.SUCCESSFUL
