# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of hosts, their agents and groups."""
