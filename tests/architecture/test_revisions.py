# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the revisions of the database follow each other, one by one, as their names say?"""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parents[2] / "api" / "db" / "migrations"


def test_revisions_are_one_line_in_the_order_of_their_names() -> None:
    """Two revisions with one number would leave a control plane that cannot be upgraded."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    chain = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    named = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert chain[::-1] == named == [f"{number:04}" for number in range(1, len(named) + 1)]
