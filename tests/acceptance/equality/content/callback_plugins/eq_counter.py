# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback of the content that counts, and prints at the end."""

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Counts results."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "eq_counter"
    CALLBACK_NEEDS_ENABLED = True
    seen = 0

    def v2_runner_on_ok(self, result):
        """Count."""
        type(self).seen += 1

    def v2_playbook_on_stats(self, stats):
        """Tell."""
        self._display.display("eq_counter saw %d" % self.seen)
