# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose turn is it? Which executions of which runs begin now, and which wait for what."""
