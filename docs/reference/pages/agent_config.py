# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the agent's configuration? From ``agent_runner.config``."""

from agent_runner.config import (
    ASSIGNED_KEYS,
    DEFAULT_CONFIG_PATH,
    Config,
    Limits,
    PreviousCredentials,
)
from pages.structs import write_fields


def render() -> str:
    """Return the page."""
    keys = ", ".join(f"`{key}`" for key in ASSIGNED_KEYS)
    return f"""# Configuration of the agent

The agent reads `{DEFAULT_CONFIG_PATH}`, a JSON object that only its owner may read (mode 0600).
{keys} are assigned by the control plane, have no default, and the agent does not start without
them: `myx host install` and `playbooks/install_agent.yml` write the file. Unknown keys are errors.
`myx-agent check-config` says whether the file is right.

{write_fields(Config)}

## Limits

The object under `limits`.

{write_fields(Limits)}

## Previous credentials

The object under `previous_credentials`. The agent writes it at a rotation, and removes it when the
new token was seen for the first time.

{write_fields(PreviousCredentials)}
"""
