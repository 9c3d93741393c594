# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs of executions as the control plane keeps them, by byte offset."""
