# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry of the resident process: ``python -I -m agent_runner.executions.nursery``."""

import sys

from agent_runner.executions.nursery.resident import serve
from agent_runner.executions.spawn import FOR_PLAYBOOKS

if __name__ == "__main__":
    serve(for_playbooks=FOR_PLAYBOOKS in sys.argv)
