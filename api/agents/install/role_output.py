# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the output of ansible-playbook become one short line for each task's result?

    TASK [myx.fleet.agent : Write the unit] ****
    changed: [localhost]                            ->  Write the unit: changed

What the last failed task said is kept, because that is the reason when the play fails.
"""

import json
import re

_TASK = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(?:[\w.]+ : )?(?P<name>.*)\] \**$")
_RESULT = re.compile(r"^(?P<result>ok|changed): \[localhost\](?: => \(item=(?P<item>.*)\))?")
_FAILED = re.compile(r"^(?:fatal|failed): \[localhost\][^{]*(?P<details>\{.*\})\s*$")
_RETRYING = re.compile(r"^FAILED - RETRYING: .* \((?P<left>\d+) retries left\)\.$")
_QUIET_TASKS = ("Validating arguments against arg spec",)


class RoleOutput:
    """Reads the output line by line."""

    def __init__(self) -> None:
        self._task = ""
        self.failure = ""
        """What the last failed task said."""

    def translate(self, line: str) -> str | None:
        """Return what to tell of this line, or None."""
        if match := _TASK.match(line):
            self._task = match["name"]
            return None
        if match := _FAILED.match(line):
            self.failure = _describe_failure(match["details"])
            return f"{self._task}: failed"
        if match := _RETRYING.match(line):
            return f"{self._task} ({match['left']} more tries)"
        if (match := _RESULT.match(line)) and not self._task.startswith(_QUIET_TASKS):
            item = f" ({match['item']})" if match["item"] else ""
            return f"{self._task}{item}: {match['result']}"
        return None


def _describe_failure(details: str) -> str:
    try:
        result = json.loads(details)
    except ValueError:
        return details
    return " ".join(str(result.get("stderr") or result.get("msg") or details).split())
