# SPDX-License-Identifier: GPL-3.0-or-later
"""Which revisions of the tables does this version know?"""

from pathlib import Path

SCRIPTS = Path(__file__).parent / "migrations"
"""The folder that Alembic works in."""


def list_revisions() -> list[str]:
    """List the numbers of the revisions, oldest first."""
    return sorted(path.name.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))
