# SPDX-License-Identifier: GPL-3.0-or-later
"""An action of the content that runs a module and looks around."""

import os
import sys

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Runs a module, adds to its result, and counts how often it was called in this process."""

    calls = 0

    def run(self, tmp=None, task_vars=None):
        """Run."""
        result = super().run(tmp, task_vars)
        type(self).calls += 1
        inner = self._execute_module("ansible.builtin.command", {"_raw_params": "echo inner"}, task_vars=task_vars)
        shell = self._low_level_execute_command("echo low; echo err >&2; exit 3", executable="/bin/sh")
        result.update(
            changed=False,
            calls=self.calls,
            inner=inner["stdout"],
            low=[shell["rc"], shell["stdout"], shell["stderr"]],
            cwd=os.getcwd(),
            leaked=[hasattr(ActionBase, "eq_leak"), os.environ.get("EQ_LEAK"), sys.getrecursionlimit() > 4000],
            environment=sorted(name for name in os.environ if not name.startswith("MYX_")),
            arguments=self._task.args,
            fds=sorted(int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 40),
        )
        return result
