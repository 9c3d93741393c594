# SPDX-License-Identifier: GPL-3.0-or-later
"""Executions: a run on one host, with its state, log and events."""
