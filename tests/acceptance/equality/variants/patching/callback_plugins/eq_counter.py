# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that patches Ansible and changes the process that it is loaded in."""

import atexit
import locale
import os
import sys
import threading
import time

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display

_display = Display.display


def _shout(self, msg, *args, **kwargs):
    if isinstance(msg, str):
        msg = msg.replace("hello", "patched: hello")
    return _display(self, msg, *args, **kwargs)


Display.display = _shout
ActionBase.eq_leak = True
os.environ["EQ_LEAK"] = "set by a callback"
os.umask(0o027)
sys.setrecursionlimit(4321)
locale.setlocale(locale.LC_ALL, "C")
threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
atexit.register(print, "at the end")


class CallbackModule(CallbackBase):
    """Tells that its thread is alive."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "eq_counter"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_stats(self, stats):
        """Tell."""
        self._display.display("thread is alive: %s" % (threading.active_count() > 1))
