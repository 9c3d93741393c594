# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs in the interpreter that modules are for, which need not be the agent's own.

Nothing here imports anything but the standard library and its neighbours, and all of it must run
on ``OLDEST_PYTHON``.
"""

OLDEST_PYTHON = (3, 10)
"""Before it, modules were imported from archives in another way."""
