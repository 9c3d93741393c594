# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line ``myx``: a client of the HTTP API, and the door to ``serve`` and ``demo``.

It starts quickly because it imports none of the control plane: what it knows of it is the API.
Only ``serve`` loads the control plane, and ``demo`` starts it as another process.
"""

from api.cli.program import app, main

__all__ = ["app", "main"]
