# SPDX-License-Identifier: GPL-3.0-or-later
"""What the administrator of a host can see and do there, whether the agent runs or not."""
