# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that writes each result as a line of JSON."""

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: collect_results
    type: aggregate
    short_description: Writes results
    description:
      - Writes each result as a line of JSON.
"""


class CallbackModule(CallbackBase):
    """Collects results."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "collect_results"

    def v2_runner_on_ok(self, result: Any) -> None:
        """Take one."""
        self._write("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Take one."""
        self._write("failed", result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Take one."""
        self._write("item", result)

    def _write(self, kind: str, result: Any) -> None:
        line = [result.task.name, kind, json.loads(self._dump_results(result.result))]
        with Path(os.environ["MYX_TEST_RESULTS"]).open("a") as stream:
            stream.write(json.dumps(line) + "\n")
