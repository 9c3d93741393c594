# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a supervisor start in milliseconds? It is forked from a process that is ready.

``resident`` is that process: it has loaded all that a supervisor needs, has one thread, and
forks one supervisor a request. ``client`` is the agent's side of it.
"""
