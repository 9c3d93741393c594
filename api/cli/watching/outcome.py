# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a run's end mean for the caller: which exit code, which recap?"""

import sys
from collections.abc import Iterable
from enum import IntEnum
from typing import Any

from api.cli.terminal.colors import paint_status
from api.cli.terminal.times import tell_duration
from api.cli.watching.following import Outcome

Json = dict[str, Any]

NOT_REACHED = frozenset({"unreachable", "not_installed"})
"""Why nothing could even start on a host."""

_COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")
_ALWAYS_COUNTED = frozenset({"ok", "changed"})


class ExitCode(IntEnum):
    """What ``myx`` ends with."""

    SUCCESSFUL = 0
    ERROR = 1
    """What was typed does not fit, or the control plane refused."""
    FAILED = 2
    """A host failed, was canceled, timed out or was lost."""
    NOT_REACHED = 4
    """A host could not be reached, and none failed."""
    INTERRUPTED = 130
    """Ctrl-C; the run goes on."""


def exit_code_of(status: str, executions: Iterable[Json]) -> ExitCode:
    """Return the exit code for a run that has ended in ``status``."""
    if status == "successful":
        return ExitCode.SUCCESSFUL
    reasons = [each["reason_code"] for each in executions if each["status"] != "successful"]
    if reasons and all(reason in NOT_REACHED for reason in reasons):
        return ExitCode.NOT_REACHED
    return ExitCode.FAILED


def write_recap(outcome: Outcome) -> str:
    """Write how each host ended, and why those did that were not successful."""
    run = outcome.run
    title = f"Run {run['id']} {paint_status(run['status'], stream=sys.stderr)}"
    if run["status"] != "successful" and len(outcome.executions) != 1 and run.get("reason"):
        title += f": {run['reason']}"
    width = max((len(e["host"]) for e in outcome.executions), default=0)
    rows = sorted(outcome.executions, key=lambda execution: str(execution["host"]))
    return "\n".join([title, *(_write_row(execution, width) for execution in rows)])


def _write_row(execution: Json, width: int) -> str:
    status = paint_status(execution["status"], f"{execution['status']:<10}", sys.stderr)
    parts = [
        f"  {execution['host']:<{width}}  {status}",
        _tell_counts(execution.get("recap")),
        tell_duration(execution),
        "" if execution["status"] == "successful" else str(execution.get("reason") or ""),
    ]
    return "  ".join(part for part in parts if part).rstrip()


def _tell_counts(recap: Json | None) -> str:
    if recap is None:
        return ""
    shown = [name for name in _COUNTS if recap.get(name) or name in _ALWAYS_COUNTED]
    return " ".join(f"{name}={recap.get(name, 0)}" for name in shown)
