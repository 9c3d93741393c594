# SPDX-License-Identifier: GPL-3.0-or-later
"""How do single files get onto this host and off it, with no more rights than their account has?"""

from agent_runner.files.service import Files

__all__ = ["Files"]
