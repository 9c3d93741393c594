# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a host's administrator change what the agent may use?"""

import json
from typing import Any

from lab.hosts import Host

CONFIG = "/etc/myx-agent/config.json"

DEFAULT_CONCURRENT = 100
"""The agent's own max_concurrent."""

GRACE_S = 1.0
"""What trees of the tests get between SIGTERM and SIGKILL."""


def set_limits(host: Host, **limits: Any) -> None:
    """Change limits in the agent's configuration and restart it."""
    config = json.loads(host.read_bytes(CONFIG))
    config["limits"] = config.get("limits", {}) | limits
    host.write_bytes(CONFIG, json.dumps(config).encode())
    host.execute("systemctl", "restart", "myx-agent")
