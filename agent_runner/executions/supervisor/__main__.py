# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry of the supervisor process: ``python -I -m agent_runner.executions.supervisor FOLDER``."""

import sys
from pathlib import Path

from agent_runner.executions.supervisor.main import supervise

if __name__ == "__main__":
    supervise(Path(sys.argv[1]))
