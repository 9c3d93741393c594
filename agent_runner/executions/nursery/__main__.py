# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry of the resident process: ``python -I -m agent_runner.executions.nursery``."""

from agent_runner.executions.nursery.resident import serve

if __name__ == "__main__":
    serve()
