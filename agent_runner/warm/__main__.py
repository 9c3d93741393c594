# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry of the resident process: ``python -P -m agent_runner.warm FOLDER``."""

import sys

from agent_runner.warm.resident import serve

if __name__ == "__main__":
    serve(sys.argv[1])
