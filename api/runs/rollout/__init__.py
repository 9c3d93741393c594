# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run goes through its hosts: in which order, in waves, and when it stops."""
