# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a content folder stays at home? Hidden and generated files, and what .myxignore names.

The rules of ``.myxignore``, one pattern a line:

1. Empty lines and lines that begin with ``#`` do not count.
2. ``*``, ``?`` and ``[abc]`` are the shell's; ``*`` matches ``/`` too.
3. A ``/`` at the end: the pattern is for folders only.
4. A ``/`` at the beginning or inside: matched against the path from the content folder; without
   one: against the name, at any depth.
5. What is in an ignored folder is ignored; there is no ``!`` that brings it back.
"""

import re
from collections.abc import Callable
from fnmatch import translate
from pathlib import Path

from api.bundles.errors import ContentError

IGNORE_FILE = ".myxignore"

GENERATED_NAMES = frozenset({"__pycache__", "node_modules"})
"""Never content, whatever ``.myxignore`` says; neither is what begins with a dot."""

Ignores = Callable[[str, bool], bool]
"""Says whether a path, relative with ``/``, which is a folder or not, is left out."""


def load_ignores(folder: Path) -> Ignores:
    """Read the folder's ``.myxignore``, where it has one.

    Raises:
        ContentError: it cannot be read, or has a line that no rule covers.
    """
    path = folder / IGNORE_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{path} cannot be read: {error}. Make it a readable text.") from error
    return compile_ignores(lines)


def compile_ignores(lines: list[str]) -> Ignores:
    """Compile the lines of a ``.myxignore``.

    Raises:
        ContentError: a line begins with ``!``.
    """
    names: list[str] = []
    for line in (line.strip() for line in lines):
        if line.startswith("!"):
            raise ContentError(
                f"{IGNORE_FILE} has the line '{line}', but '!' brings nothing back there. "
                "Name what stays out more exactly instead."
            )
        if line and not line.startswith("#"):
            names.append(_compile_line(line))
    expression = re.compile("|".join(names)) if names else None

    def ignores(path: str, is_folder: bool) -> bool:  # noqa: FBT001 - a fact, not an option
        name = path.rpartition("/")[2]
        if name.startswith(".") or name in GENERATED_NAMES:
            return True
        # One expression for all lines; a folder is marked by the slash that files never have.
        return expression is not None and bool(
            expression.fullmatch(f"{path}/" if is_folder else path)
        )

    return ignores


def _compile_line(line: str) -> str:
    pattern = line.removesuffix("/")
    is_anchored = "/" in pattern
    end = "/" if line.endswith("/") else "/?"
    # translate() ends its expression with an anchor, which is no use before the slash.
    body = translate(pattern.removeprefix("/")).removesuffix(r"\Z").removesuffix(r"\z")
    return f"{'' if is_anchored else '(?:.*/)?'}(?:{body}){end}"
