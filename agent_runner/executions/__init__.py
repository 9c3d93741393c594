# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs commands, scripts and playbooks on this host, and keeps what they said?

``Executions`` is all that the rest of the agent uses. It is loaded on first use: each
supervisor process imports this package too, and must stay small (see ``supervisor``).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent_runner.executions.service import Executions, Ways

__all__ = ["Executions", "Ways"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from agent_runner.executions import service  # noqa: PLC0415 - see the docstring

        return getattr(service, name)
    raise AttributeError(name)
