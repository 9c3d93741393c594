# SPDX-License-Identifier: GPL-3.0-or-later
"""How does an execution get a cgroup of its own, so that nothing that befalls the agent's does it?

The supervisor asks systemd for a transient scope around itself, before it starts the program:
so nobody else has to be alive for it.
"""
