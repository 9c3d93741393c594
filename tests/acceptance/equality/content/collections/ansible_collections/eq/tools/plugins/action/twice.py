# SPDX-License-Identifier: GPL-3.0-or-later
"""An action of the collection: it runs a module of the collection twice."""

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Runs words twice."""

    def run(self, tmp=None, task_vars=None):
        """Run."""
        result = super().run(tmp, task_vars)
        for name in ("first", "second"):
            arguments = {"words": [name, *self._task.args["words"]]}
            inner = self._execute_module("eq.tools.words", arguments, task_vars=task_vars)
            result[name] = inner["phrase"]
        return result
