# SPDX-License-Identifier: GPL-3.0-or-later
"""What does ``--json`` print for a run? The run, its executions, and for commands their output."""

import base64
from typing import Any

from api.cli.remote.client import ApiClient
from api.cli.terminal.output import say
from api.cli.watching.following import Outcome, follow_log
from api.cli.watching.patience import Patience

Json = dict[str, Any]

KINDS_WITH_OUTPUT = frozenset({"command", "script"})
"""What a playbook prints is for people; programs read its recap and events."""


def make_run_document(client: ApiClient, outcome: Outcome) -> Json:
    """Gather what a program wants to know of a run that has ended."""
    executions = outcome.executions
    if outcome.run["kind"] in KINDS_WITH_OUTPUT:
        executions = [{**each, **_read_output(client, each)} for each in executions]
    return {"run": outcome.run, "executions": executions}


def _read_output(client: ApiClient, execution: Json) -> Json:
    sink = _Collector()
    follow_log(client, execution, sink, Patience(client.sleep, say), wait=False)
    output: Json = {}
    for name, data in sink.output.items():
        output[name], output[f"{name}_encoding"] = _encode(bytes(data))
    return output


def _encode(data: bytes) -> tuple[str, str]:
    try:
        return data.decode(), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(data).decode("ascii"), "base64"


class _Collector:
    """Keeps what a program printed, by type."""

    def __init__(self) -> None:
        self.output = {"stdout": bytearray(), "stderr": bytearray()}

    def write(self, host: str, log_type: str, data: bytes) -> None:
        del host
        self.output[log_type] += data

    def finish(self) -> None:
        """Nothing is ever held back."""
