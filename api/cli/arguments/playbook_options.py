# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options has ``myx run``? Those of ``ansible-playbook``, under its names."""

from pathlib import Path
from typing import Annotated

import typer

ExtraVars = Annotated[
    list[str] | None,
    typer.Option(
        "--extra-vars",
        "-e",
        metavar="VARS",
        help="Variables: K=V, JSON, or @FILE with JSON or YAML. Repeatable, merged in order.",
    ),
]
Check = Annotated[
    bool, typer.Option("--check", "-C", help="Change nothing, tell what would change.")
]
Diff = Annotated[bool, typer.Option("--diff", "-D", help="Show how files change.")]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tags", "-t", metavar="T", help="Only tasks with these tags: a,b."),
]
SkipTags = Annotated[
    list[str] | None,
    typer.Option("--skip-tags", metavar="T", help="Not the tasks with these tags: a,b."),
]
Verbosity = Annotated[
    int,
    typer.Option(
        "--verbose", "-v", count=True, show_default=False, help="Tell more; up to -vvvvv."
    ),
]
Content = Annotated[
    Path | None,
    typer.Option(
        "--content",
        metavar="DIR",
        help="Send this folder as content instead of the control plane's own.",
    ),
]
Warm = Annotated[
    bool | None,
    typer.Option(
        "--warm/--no-warm",
        help="Fork ansible-playbook on each host from what has loaded it, or start it anew.",
    ),
]
AcceptDifferences = Annotated[
    bool,
    typer.Option(
        "--accept-differences",
        help="Run it though 'serial', 'run_once' or 'delegate_to' in it mean other things here.",
    ),
]
