# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts: machines under management, their groups, variables and agents."""
